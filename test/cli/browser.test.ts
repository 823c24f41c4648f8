/** A browser as a target of a command, as a user has it: the command shows a link, a page opens it, the command continues. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { chromium } from "playwright-core";
import { create } from "qrcode";
import { expect, onTestFinished, test } from "vitest";
import type { Numerics } from "../../src/evaluate/probe.js";
import { hasChromium, howToGet } from "../target/browser/chromium.js";
import { makeFinishedRun } from "./finished-run.js";
import { temporaryFolder } from "../temporary-folder.js";

const main = resolve(import.meta.dirname, "../../dist/cli/main.js");

/** The dark and light squares of a QR code that is drawn in half blocks, two rows a line, without its margin. */
function modulesOf(drawn: string): readonly string[] {
  const lines = drawn.split("\n").filter((line) => /[▄█▀]/.test(line));
  const rows = lines.flatMap((line) => [line.replace(/\S/g, upper), line.replace(/\S/g, lower)]);
  const from = Math.min(...rows.map((row) => row.indexOf("#")).filter((at) => at >= 0));
  const size = Math.max(...rows.map((row) => row.lastIndexOf("#"))) + 1 - from;
  return rows.slice(0, size).map((row) => row.slice(from, from + size));
}

const upper = (block: string): string => (block === "▄" ? " " : "#");
const lower = (block: string): string => (block === "▀" ? " " : "#");

/** The same squares as the library has them. */
function rowsOf(link: string): readonly string[] {
  const { size, data } = create(link).modules;
  return Array.from({ length: size }, (_, y) =>
    Array.from({ length: size }, (__, x) => (data[y * size + x] ? "#" : " ")).join(""),
  );
}

test.skipIf(!hasChromium)(
  `bench --target browser shows a link and a QR code, times what the page runs, and checks what it computes${hasChromium ? "" : ` (skipped: ${howToGet})`}`,
  async () => {
    const folder = await temporaryFolder();
    await makeFinishedRun(folder);
    const args = ["bench", "run/child.onnx", "--target", "browser:port=0", "--seconds", "2", "--json"];
    const env = { ...process.env, XDG_DATA_HOME: folder };
    const child = spawn(process.execPath, [main, ...args], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    const ended = once(child, "exit");
    const result = text(child.stdout);
    const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    let said = "";
    let isOpen = false;
    child.stderr.setEncoding("utf8").on("data", (more: string) => {
      said += more;
      const [link] = /http:\/\/localhost:\d+\/#\S+/.exec(said) ?? [];
      if (link === undefined || isOpen) return;
      isOpen = true;
      void page.goto(link);
    });
    expect(await ended, said).toEqual([0, null]);
    expect(said).not.toContain("\x1b");
    const link = /http:\/\/localhost:\d+\/#\S+/.exec(said)![0];
    expect(modulesOf(said)).toEqual(rowsOf(link));
    const { target, environment, results } = JSON.parse(await result) as {
      target: string;
      environment: { executionProvider: string; browser: { isolated: boolean; name: string } };
      results: readonly { undisturbedMs: number; rounds: number; loadMs: number; numerics: Numerics }[];
    };
    expect(target).toBe("browser");
    expect(environment).toMatchObject({ executionProvider: "wasm", browser: { isolated: true } });
    expect(environment.browser.name).toMatch(/^Chrome \d+$/);
    expect(results[0]!.undisturbedMs).toBeGreaterThan(0);
    expect(results[0]!.rounds).toBeGreaterThan(5);
    expect(results[0]!.loadMs).toBeGreaterThan(0);
    // wasm computes the certificate's probe, by other kernels.
    const { maxDifference, tolerance } = results[0]!.numerics;
    expect(maxDifference).toBeGreaterThan(0);
    expect(maxDifference).toBeLessThanOrEqual(tolerance);
  },
  120_000,
);
