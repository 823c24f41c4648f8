/** The main job on real images, small: train, search, export, verify, bench, report, as a user runs it. */
import { once } from "node:events";
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import type { Certificate } from "../../src/deploy/certificate.js";
import { meets, parseBudget } from "../../src/search/budget.js";
import { searchSchema } from "../../src/search/search-file.js";
import { nestling, start } from "../cli/nestling.js";

let run: string;
const budgets = ["--budget", "macs=3M", "--budget", "parameters=60k"];
const shortly = ["--seconds", "1"];
const small = ["--fine", "4", "--recalibration-images", "400", ...shortly];

beforeAll(async () => {
  run = await mkdtemp(join(tmpdir(), "nestling-e2e-"));
  const trained = nestling(
    ...["train", "--space", "fashion", "--data", "fixtures/fashion-mnist", "--out", run],
    ...["--steps", "100", "--batch", "64"],
  );
  expect(trained.stderr + trained.stdout).toContain("Trained 100 steps");
  const found = nestling("search", run, ...budgets, ...small);
  expect(found.status, found.stderr).toBe(0);
}, 300_000);

afterAll(() => rmSync(run, { recursive: true, force: true }));

const resultOf = (folder: string) => searchSchema.parse(JSON.parse(readFileSync(join(folder, "search.json"), "utf8")));

test("the biggest and the smallest child beat a floor of 50 % on the test images after 100 steps", () => {
  for (const arch of ["biggest", "smallest"]) {
    const { status, stdout } = nestling(
      "export",
      run,
      "--arch",
      arch,
      "--out",
      join(run, `${arch}.onnx`),
      "--json",
      ...shortly,
    );
    expect(status).toBe(0);
    const certificate = JSON.parse(stdout) as Certificate;
    expect(certificate.accuracy).toBeGreaterThan(0.5);
    expect(certificate.maxDifference).toBeLessThanOrEqual(certificate.tolerance);
    expect(certificate.sameTopOne).toBeGreaterThanOrEqual(0.999);
  }
});

test("every candidate is judged once, and each chosen child is the best within its budget", () => {
  const { candidates, chosen, complete } = resultOf(run);
  expect(complete).toBe(true);
  expect(new Set(candidates.map(({ id }) => id)).size).toBe(candidates.length);
  expect(chosen.map(({ budget }) => budget)).toEqual(["macs=3M", "parameters=60k"]);
  const within = { "macs=3M": "macs", "parameters=60k": "parameters" } as const;
  const limits = { macs: 3e6, parameters: 60e3 };
  for (const { budget, id } of chosen) {
    const key = within[budget as keyof typeof within];
    const child = candidates.find((candidate) => candidate.id === id)!;
    expect(child[key]).toBeLessThanOrEqual(limits[key]);
    expect(child.inFinal).toBe(true);
  }
});

test("a chosen child is verified; a flipped byte in it is found", () => {
  const path = join(run, "children", "macs-3M.onnx");
  const good = nestling("verify", path, "--run", run, ...shortly);
  expect(good.status, good.stdout).toBe(0);
  expect(good.stdout).toContain("recompiled: the same bytes");
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  cpSync(path.replace(".onnx", ".json"), join(run, "flipped.json"));
  const flipped = join(run, "flipped.onnx");
  writeFileSync(flipped, bytes);
  const bad = nestling("verify", flipped);
  expect(bad.status).toBe(1);
  expect(bad.stdout).toContain("DIFFERS sha256");
});

test("a search killed again and again, and resumed, ends with the bytes of one that was left alone", async () => {
  const draw = random("kill-search");
  const out = join(run, "killed");
  const args = ["search", run, ...budgets, ...small, "--out", out, "--resume"];
  for (let kills = 0; kills < 10; kills++) {
    const child = start(...args);
    const ended = once(child, "exit");
    await Promise.race([ended, sleep(300 + draw.integer(1500))]);
    child.kill("SIGKILL");
    await ended;
  }
  expect(nestling(...args).status).toBe(0);
  for (const file of ["search.json", "children/macs-3M.onnx", "children/parameters-60k.onnx"]) {
    expect(readFileSync(join(out, file)).equals(readFileSync(join(run, file))), file).toBe(true);
  }
});

test("bench times children together, and the report is one page that needs nothing else", () => {
  const files = ["biggest.onnx", "smallest.onnx"].map((name) => join(run, name));
  const { results } = JSON.parse(nestling("bench", ...files, "--json", ...shortly).stdout) as {
    results: { undisturbedMs: number }[];
  };
  expect(results[0]!.undisturbedMs).toBeGreaterThan(results[1]!.undisturbedMs);
  expect(nestling("report", run).status).toBe(0);
  const page = readFileSync(join(run, "report.html"), "utf8");
  expect(page.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:|<script|<link|<img/);
  for (const { id } of resultOf(run).candidates) expect(page).toContain(`<td>${id}</td>`);
  expect(existsSync(join(run, "children", "macs-3M.json"))).toBe(true);
});

test("a budget that nobody can meet is refused with the nearest that the smallest child meets", () => {
  const refused = nestling("search", run, "--budget", "macs=1k", "--out", join(run, "refused"));
  expect(refused.status).toBe(2);
  const nearest = parseBudget(/Use --budget (macs=\S+) or more/.exec(refused.stderr)![1]!);
  const { macs, parameters } = JSON.parse(readFileSync(join(run, "smallest.json"), "utf8")) as Certificate;
  expect(meets(nearest, { macs, parameters, latencyMs: undefined })).toBe(true);
  expect(nearest.limit).toBeLessThan(1.1 * macs);
});
