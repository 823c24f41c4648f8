/** What the page shows. */
import type { PageFacts } from "../protocol.js";
import type { ModelView } from "./messages.js";

const element = (selector: string): HTMLElement => document.querySelector<HTMLElement>(selector)!;

export const say = (text: string): void => {
  element("#status").textContent = text;
};

export function showFacts({ browser, onnxruntime, threads, cores, cpu, os }: PageFacts): void {
  const facts: readonly (readonly [string, string])[] = [
    ["browser", `${browser.name} on ${os}`],
    ["device", `${cpu}, ${cores} core${cores === 1 ? "" : "s"}`],
    ...(browser.gpu === undefined ? [] : [["GPU", `${browser.gpu}${browser.fp16 === true ? ", fp16" : ""}`] as const]),
    ["runtime", `onnxruntime-web ${onnxruntime}, ${threads} thread${threads === 1 ? "" : "s"}`],
    ["clock", `${browser.clockMs} ms`],
  ];
  element("#facts tbody").replaceChildren(...facts.map((cells) => row(cells)));
  element("#warning").textContent = browser.isolated
    ? ""
    : "This page is not cross-origin isolated: 1 thread, a coarse clock. By https, or on localhost, a browser gives it more.";
}

export function showModels(models: readonly ModelView[]): void {
  element("#models").hidden = models.length === 0;
  const rows = models.map(({ rounds, lastMs, fastestMs }, i) =>
    row([`${i + 1}`, `${rounds}`, `${lastMs.toFixed(3)} ms`, `${fastestMs.toFixed(3)} ms`]),
  );
  element("#models tbody").replaceChildren(...rows);
}

function row(cells: readonly string[]): HTMLTableRowElement {
  const made = document.createElement("tr");
  for (const text of cells) made.insertCell().textContent = text;
  return made;
}
