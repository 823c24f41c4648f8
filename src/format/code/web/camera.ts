/** The camera, frame by frame. */

/** Only by https and on localhost. */
export const hasCamera = (): boolean => "mediaDevices" in navigator;

/**
 * @param video shows it
 * @param onFrame is called with each frame that comes after the last one's answer
 * @param onFailure is called where that fails; no more frames are taken then
 * @returns what stops it
 * @throws DOMException where there is none, or it isn't allowed
 */
export async function openCamera(
  video: HTMLVideoElement,
  onFrame: () => Promise<void>,
  onFailure: (error: unknown) => void,
): Promise<() => void> {
  // The one on the back of a phone.
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  video.srcObject = stream;
  await video.play();
  let isOpen = true;
  const next = async (): Promise<void> => {
    if (!isOpen) return;
    if (video.videoWidth > 0) await onFrame();
    requestAnimationFrame(start);
  };
  const start = (): void => void next().catch(onFailure);
  start();
  return () => {
    isOpen = false;
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  };
}
