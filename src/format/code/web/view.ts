/** What the page shows. */
import type { Answer } from "../classifier.js";
import type { Certificate, Classified, Ready } from "./messages.js";

/** The page's parts that change. */
export const parts = {
  status: document.querySelector<HTMLElement>("#status")!,
  file: document.querySelector<HTMLInputElement>("#file")!,
  useCamera: document.querySelector<HTMLButtonElement>("#use-camera")!,
  picture: document.querySelector<HTMLImageElement>("#picture")!,
  camera: document.querySelector<HTMLVideoElement>("#camera")!,
  answers: document.querySelector<HTMLElement>("#answers")!,
  time: document.querySelector<HTMLElement>("#time")!,
  facts: document.querySelector<HTMLElement>("#facts")!,
};

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Read aloud, too. */
export const say = (text: string): void => {
  parts.status.textContent = text;
};

export function showReady({ certificate, check }: Ready): void {
  parts.facts.replaceChildren(...factsOf(certificate, check).flatMap(([name, value]) => [dt(name), dd(value)]));
}

const factsOf = (
  { accuracy, testImages, macs, precision, labels, preprocessing, sha256 }: Certificate,
  check: string,
): readonly (readonly [string, string])[] => [
  ["accuracy", `${percent(accuracy)} of ${testImages} test images`],
  ["classes", `${labels.length}`],
  ["input", `the middle ${preprocessing.crop_size.width} × ${preprocessing.crop_size.height} pixels`],
  ["cost", `${(macs / 1e6).toFixed(2)} M MACs, ${precision}`],
  ["this browser", check],
  ["SHA-256", sha256],
];

const dt = (text: string): HTMLElement => Object.assign(document.createElement("dt"), { textContent: text });
const dd = (text: string): HTMLElement => Object.assign(document.createElement("dd"), { textContent: text });

export function showAnswers({ answers, prepareMs, runMs }: Classified): void {
  parts.answers.replaceChildren(...answers.map(row));
  parts.time.textContent = `${prepareMs.toFixed(1)} ms to prepare, ${runMs.toFixed(1)} ms to classify`;
}

function row({ label, probability }: Answer): HTMLLIElement {
  const item = document.createElement("li");
  const name = Object.assign(document.createElement("span"), { textContent: label });
  const share = Object.assign(document.createElement("data"), {
    value: `${probability}`,
    textContent: percent(probability),
  });
  const bar = Object.assign(document.createElement("div"), { className: "bar" });
  bar.style.setProperty("--share", `${100 * probability}%`);
  item.append(name, share, bar);
  return item;
}

/** Says the first answer to those who hear the page. */
export const sayAnswer = (name: string, { answers: [first] }: Classified): void =>
  say(`${name}: ${first!.label}, ${percent(first!.probability)}`);

/** One of the two is shown: a picture, or what the camera sees. */
export function showPicture(picture: { readonly file: Blob; readonly name: string } | "camera"): void {
  const { picture: image, camera } = parts;
  URL.revokeObjectURL(image.src);
  camera.hidden = picture !== "camera";
  image.hidden = picture === "camera";
  if (picture !== "camera") Object.assign(image, { src: URL.createObjectURL(picture.file), alt: picture.name });
}
