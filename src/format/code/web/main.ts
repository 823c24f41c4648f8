/** The page: a picture that is dropped, chosen or pasted, or the camera's, and its classes. Nothing leaves the browser. */
import { hasCamera, openCamera } from "./camera.js";
import { openClassifier } from "./classify.js";
import { decode, pixelsOf } from "./picture.js";
import { parts, say, sayAnswer, showAnswers, showPicture, showReady } from "./view.js";

const classifier = openClassifier();
const reason = (error: unknown): string => (error as Error).message;

let stopCamera: (() => void) | undefined;

function closeCamera(): void {
  stopCamera?.();
  stopCamera = undefined;
  parts.camera.hidden = true;
  parts.useCamera.textContent = "Use the camera";
}

/** Counts pictures: of two the answer of the later one stays. */
let latest = 0;

async function showFile(file: File): Promise<void> {
  closeCamera();
  const mine = ++latest;
  const bitmap = await decode(file).catch(() => undefined);
  if (mine !== latest) return;
  if (!bitmap) {
    say(`This browser can't read ${file.name} as a picture.`);
    return;
  }
  showPicture({ file, name: file.name });
  const pixels = pixelsOf(bitmap);
  bitmap.close();
  const classified = await classifier.classify(pixels);
  if (mine !== latest) return;
  showAnswers(classified);
  sayAnswer(file.name, classified);
}

function noCamera(error: unknown): void {
  closeCamera();
  say(`No camera: ${reason(error)}`);
}

async function toggleCamera(): Promise<void> {
  latest++;
  if (stopCamera) {
    closeCamera();
    say("The camera is off.");
    return;
  }
  const classifyFrame = async (): Promise<void> => {
    const classified = await classifier.classify(pixelsOf(parts.camera));
    if (stopCamera) showAnswers(classified);
  };
  stopCamera = await openCamera(parts.camera, classifyFrame, noCamera);
  showPicture("camera");
  parts.useCamera.textContent = "Stop the camera";
  say("The camera is on.");
}

const take = (files: FileList | undefined | null): void => {
  const file = files?.[0];
  if (file) showFile(file).catch((error: unknown) => say(`That did not work: ${reason(error)}`));
};

parts.file.addEventListener("change", () => {
  take(parts.file.files);
  // The same file may be chosen again.
  parts.file.value = "";
});
addEventListener("paste", (event) => take(event.clipboardData?.files));
addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dragged");
});
addEventListener("dragleave", () => document.body.classList.remove("dragged"));
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dragged");
  take(event.dataTransfer?.files);
});
parts.useCamera.addEventListener("click", () => {
  parts.useCamera.disabled = true;
  toggleCamera()
    .catch(noCamera)
    .finally(() => (parts.useCamera.disabled = false));
});
parts.useCamera.hidden = !hasCamera();

try {
  showReady(await classifier.ready);
  say("Ready: drop, paste or choose a picture.");
} catch (error) {
  say(`The classifier can't be loaded: ${reason(error)}`);
}
