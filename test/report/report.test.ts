/** The report of a real run, opened in a headless browser as a phone, a desk and a sheet of paper show it. */
import { formatNames } from "../../src/format/formats.js";
import { existsSync } from "node:fs";
import { cp, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { search } from "../../src/deploy/search-and-export.js";
import { writeReport } from "../../src/report/write-report.js";
import { shellWord } from "../../src/base/text.js";
import { openRun } from "../../src/run/run.js";
import { parseBudget } from "../../src/search/budget.js";
import { searchSchema, type SearchResult } from "../../src/search/search-file.js";
import { mockTarget } from "../../src/target/mock.js";
import { temporaryFolder } from "../temporary-folder.js";
import { tinyRun } from "../search/tiny-run.js";

const executablePath = "/usr/bin/chromium";
const run = await tinyRun();
let path: string;
let text: string;
let result: SearchResult;

beforeAll(async () => {
  const budgets = ["macs=120k", "latency=50ms"].map(parseBudget);
  await search(run, { budgets, fineCandidates: 5, recalibrationImages: 200, seconds: 0.1 });
  path = await writeReport(run.folder);
  text = await readFile(path, "utf8");
  result = searchSchema.parse(JSON.parse(await readFile(join(run.folder, "search.json"), "utf8")));
});

test("the page is one file: no script, no address but the one that names SVG", () => {
  expect(text).toMatch(/^<!doctype html>/);
  expect(text.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:|<script|<link|<img|@import|url\(/);
});

test("every child judged and every number of the certificates is on it, with the commands to use each", () => {
  for (const { id } of result.candidates) expect(text).toContain(`<td>${id}</td>`);
  for (const file of ["macs-120k", "latency-50ms"]) {
    const onnx = join(run.folder, "children", `${file}.onnx`);
    for (const words of [
      `nestling verify ${onnx} --run ${run.folder}`,
      `nestling bench ${onnx}`,
      "InferenceSession",
      ...formatNames.map((name) => `nestling deploy ${onnx} --for ${name}`),
    ]) {
      expect(text).toContain(words);
    }
  }
  // How this machine computes each child's probe, and the runs that its latency is from.
  expect(text.match(/<dt>logits on local<\/dt>\s*<dd>differ by at most [\d.e+-]+; [\d.e+-]+ allowed/g)).toHaveLength(2);
  expect(text.match(/<svg class="runs"[^>]* aria-label="Runs from [\d.]+ ms to/g)).toHaveLength(2);
});

test("targets beside the first have a plot of their own, with their budgets, and a line in the certificates", async () => {
  const other = await tinyRun();
  const named = (name: string) => mockTarget({ name, msOf: ({ bytes }) => bytes.length / 20_000 });
  const budgets = ["latency=50ms", "latency@phone=49ms"].map(parseBudget);
  const devices = { target: named("board"), otherTargets: [named("phone")] };
  await search(other, { budgets, fineCandidates: 2, recalibrationImages: 200, seconds: 1, ...devices });
  const page = await readFile(await writeReport(other.folder), "utf8");
  for (const words of ["latency on board", "latency on phone", "latency@phone=49ms"]) expect(page).toContain(words);
  // MACs, the board, the phone; and the two curves of the training.
  expect(page.match(/<figure/g)).toHaveLength(5);
  expect(page).toMatch(/<dt>latency on phone<\/dt>\s*<dd>[\d.]+ ms/);
});

test("a child that two budgets chose says both; commands name a folder of any name as a shell takes it", async () => {
  const folder = join(await temporaryFolder(), "it's a run");
  await cp(run.folder, folder, { recursive: true });
  const twice = await openRun(folder);
  const budgets = ["macs=120k", "macs=121k"].map(parseBudget);
  await search(twice, { budgets, fineCandidates: 2, recalibrationImages: 200, seconds: 0.1 });
  const page = await readFile(await writeReport(folder), "utf8");
  expect(page).toMatch(/chosen for macs=120k and macs=121k<\/title/);
  const quoted = shellWord(join(folder, "children/macs-120k.onnx")).replaceAll("'", "&#39;");
  expect(page).toContain(`nestling verify ${quoted} --run`);
});

test("a folder without a run is refused", async () => {
  await expect(writeReport(await temporaryFolder())).rejects.toThrow("want a folder that");
});

const found = existsSync(executablePath);
describe.skipIf(!found)(`in a browser${found ? "" : ` (skipped: ${executablePath} is missing)`}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  });
  afterAll(() => browser.close());

  const opened = async <T>(options: BrowserContextOptions, look: (page: Page) => Promise<T>): Promise<T> => {
    const context = await browser.newContext(options);
    try {
      const page = await context.newPage();
      const asked: string[] = [];
      page.on("request", (request) => asked.push(request.url()));
      await page.goto(`file://${resolve(path)}`);
      const seen = await look(page);
      expect(asked).toHaveLength(1);
      return seen;
    } finally {
      await context.close();
    }
  };
  const phone = { viewport: { width: 390, height: 844 } };
  const desk = { viewport: { width: 1100, height: 900 } };

  test.each([320, 390, 768, 1100])("at %i pixels nothing lies beyond the edge", async (width) => {
    const overflow = await opened({ viewport: { width, height: 844 } }, async (page) => {
      await page.locator("summary").click();
      return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    });
    expect(overflow).toBeLessThanOrEqual(0);
  });

  test("words can be read on a phone: no label of a plot below 9 pixels", async () => {
    const sizes = await opened(phone, (page) =>
      page.evaluate<number[]>(
        `[...document.querySelectorAll("figure svg[role] text")].map((text) =>
          parseFloat(getComputedStyle(text).fontSize) * text.ownerSVGElement.getBoundingClientRect().width / 480)`,
      ),
    );
    expect(sizes.length).toBeGreaterThan(20);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(9);
  });

  test.each([
    ["a phone", phone],
    ["a desk", desk],
  ] as const)("on %s no two labels of an axis overlap", async (_, options) => {
    const overlaps = await opened(options, (page) =>
      page.evaluate(`[...document.querySelectorAll("figure svg[role]")].flatMap((svg) => {
        const boxes = [...svg.querySelectorAll(".grid text")].map((text) => [text.textContent, text.getBoundingClientRect()]);
        return boxes.flatMap(([one, a], i) => boxes.slice(i + 1).flatMap(([other, b]) =>
          a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom ? [one + " on " + other] : []));
      })`),
    );
    expect(overlaps).toEqual([]);
  });

  test("curves of the biggest, the random and the smallest children; coarse and fine told apart; intervals drawn", async () => {
    const counts = await opened(desk, (page) =>
      page.evaluate<
        Record<string, number>
      >(`Object.fromEntries([".curve.biggest", ".curve.random", ".curve.smallest", ".point.coarse circle:not(.ring)",
        ".point.fine > path", ".ring", ".front[d]"].map((selector) =>
        [selector, document.querySelectorAll("figure svg[role] " + selector).length]))`),
    );
    const full = result.candidates.filter(({ count }) => count > 0);
    const ofPhase = (wanted: string): number => full.filter(({ phase }) => phase === wanted).length;
    expect(counts).toMatchObject({
      ".curve.biggest": 2,
      ".curve.random": 2,
      ".curve.smallest": 2,
      ".point.coarse circle:not(.ring)": 2 * ofPhase("coarse"),
      ".point.fine > path": 2 * ofPhase("fine"),
      ".front[d]": 2,
    });
    expect(counts[".ring"]).toBeGreaterThanOrEqual(2);
    // Vertical lines: accuracy; horizontal ones: latency.
    const [upright, level] = await opened(desk, (page) =>
      page.evaluate<
        [number, number]
      >(`["x", "y"].map((axis) => [...document.querySelectorAll("figure .point line")].filter((line) =>
        line.getAttribute(axis + 1) === line.getAttribute(axis + 2)).length)`),
    );
    expect(upright).toBeGreaterThanOrEqual(2 * full.length);
    expect(level).toBeGreaterThanOrEqual(full.length);
  });

  test.each(["light", "dark"] as const)("in %s, text stands out from its background (WCAG AA)", async (colorScheme) => {
    const ratios = await opened({ ...desk, colorScheme }, (page) =>
      page.evaluate<number[]>(`(() => {
        const light = (color) => {
          const [r, g, b] = color.match(/[\\d.]+/g).map(Number).map((c) => c / 255).map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const backgroundOf = (element) => {
          for (; element; element = element.parentElement) {
            const { backgroundColor } = getComputedStyle(element);
            if (backgroundColor !== "rgba(0, 0, 0, 0)") return backgroundColor;
          }
        };
        return [...document.querySelectorAll("h1, h2, h3, p, dt, dd, pre, figcaption, svg text")].map((element) => {
          const style = getComputedStyle(element);
          const [a, b] = [element instanceof SVGElement ? style.fill : style.color, backgroundOf(element)].map(light).sort((x, y) => y - x);
          return (a + 0.05) / (b + 0.05);
        });
      })()`),
    );
    expect(Math.min(...ratios)).toBeGreaterThanOrEqual(4.5);
  });

  test("on paper it is black on white, in two columns, and cards are not cut", async () => {
    const { background, columns, cut } = await opened({ ...desk, colorScheme: "dark" }, async (page) => {
      await page.emulateMedia({ media: "print", colorScheme: "light" });
      const pdf = await page.pdf({ format: "A4" });
      expect(pdf.subarray(0, 5).toString()).toBe("%PDF-");
      return page.evaluate<{
        background: string;
        columns: number;
        cut: string;
      }>(`({ background: getComputedStyle(document.body).backgroundColor,
        columns: getComputedStyle(document.querySelector(".pair")).gridTemplateColumns.split(" ").length,
        cut: getComputedStyle(document.querySelector(".card")).breakInside })`);
    });
    expect({ background, columns, cut }).toEqual({ background: "rgb(255, 255, 255)", columns: 2, cut: "avoid" });
  });
});
