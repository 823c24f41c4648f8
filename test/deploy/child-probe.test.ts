/** The probe of real children, from export to whoever has only file and certificate. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { canonicalSeal, sealed } from "../../src/base/seal.js";
import { toleranceOf } from "../../src/compile/precisions.js";
import { benchFiles } from "../../src/deploy/bench-files.js";
import type { Certificate } from "../../src/deploy/certificate.js";
import { certifiedProbe, probeImages } from "../../src/deploy/child-probe.js";
import { exportChild, exportChildren } from "../../src/deploy/export-child.js";
import { verifyChild, type Verification, type VerifyOptions } from "../../src/deploy/verify.js";
import { search } from "../../src/deploy/search-and-export.js";
import { withSession } from "../../src/runtime/session.js";
import { parseBudget } from "../../src/search/budget.js";
import { smallest } from "../../src/space/space.js";
import { localTarget } from "../../src/target/local.js";
import { mockTarget } from "../../src/target/mock.js";
import type { Target } from "../../src/target/target.js";
import { tinyRun } from "../search/tiny-run.js";
import { temporaryFolder } from "../temporary-folder.js";
import { source } from "../train/tiny.js";

const run = await tinyRun();
const architecture = smallest(run.supernet.space);
const recalibrationImages = 300;
let [child, fixed] = ["", ""];
let certificate: Certificate;

beforeAll(async () => {
  const { folder } = run;
  [child, fixed] = [join(folder, "child.onnx"), join(folder, "fixed.onnx")];
  certificate = await exportChild(run, architecture, { out: child, recalibrationImages, seconds: 0.1 });
  await exportChild(run, architecture, { out: fixed, recalibrationImages, staticBatch: 3, seconds: 0.1 });
});

/** This machine, whose logits are off by so much: what another runtime might be. */
function offBy(error: number): Target {
  const here = localTarget({ profiles: false });
  const load: Target["load"] = async (bytes) => {
    const model = await here.load(bytes);
    return {
      ...model,
      run: async (input, dims) => {
        const { outputs, ms } = await model.run(input, dims);
        return { ms, outputs: new Map([...outputs].map(([name, values]) => [name, values.map((v) => v + error)])) };
      },
    };
  };
  return Object.defineProperty({ ...here, name: "board", load }, "nowMs", { get: () => here.nowMs });
}

/** A copy of the child whose certificate was changed, and sealed again. */
async function resealed(edit: (whole: Certificate) => Certificate): Promise<string> {
  const path = join(await temporaryFolder(), "child.onnx");
  await writeFile(path, await readFile(child));
  await writeFile(path.replace(".onnx", ".json"), JSON.stringify(sealed(edit(certificate), canonicalSeal)));
  return path;
}

const doctored = (): Promise<string> =>
  resealed(({ probe, ...rest }) => {
    const [[first = 0, ...others] = [], ...rows] = probe!.logits;
    return { ...rest, probe: { ...probe!, logits: [[first + 0.01, ...others], ...rows] } };
  });
const withoutProbe = (): Promise<string> => resealed(({ probe: _, ...rest }) => rest);

const verify = (path: string, options: VerifyOptions = {}): Promise<Verification> =>
  verifyChild(path, { seconds: 0.1, ...options });
const verdictsOf = ({ checks }: Verification): Record<string, string> =>
  Object.fromEntries(checks.map(({ name, verdict }) => [name, verdict]));
const detailOf = ({ checks }: Verification, of: string): string => checks.find(({ name }) => name === of)!.detail;

test("the probe is of four test images drawn by the run's seed, or of fewer large ones; what it carries is enough to compute it", async () => {
  const { probe, preprocessing, latency } = certificate;
  expect(probe!.images).toHaveLength(4);
  expect(new Set(probe!.images).size).toBe(4);
  const pixels = await run.data.test.read(probe!.images, architecture.resolution);
  expect(Buffer.from(probe!.pixels, "base64")).toEqual(Buffer.from(pixels));
  expect(probe!.seed).toBe(run.description.seed);
  expect(probeImages(7, 1000, 64 * 64 * 3)).toHaveLength(4);
  expect(probeImages(7, 1000, 96 * 96 * 3)).toHaveLength(2);
  expect(probeImages(7, 1000, 224 * 224 * 3)).toHaveLength(1);
  expect(probeImages(7, 2, 784)).toHaveLength(2);
  expect(probeImages(8, 1000, 784)).not.toEqual(probeImages(7, 1000, 784));
  // By hand, as a stranger would: (pixel / 255 − mean) / deviation, one image after the other.
  const [mean, std] = [preprocessing.image_mean[0]!, preprocessing.image_std[0]!];
  const side = architecture.resolution;
  await withSession(await readFile(child), {}, async (session) => {
    for (const [i, row] of probe!.logits.entries()) {
      const bytes = pixels.subarray(i * side * side, (i + 1) * side * side);
      const input = Float32Array.from(bytes, (pixel) => (pixel / 255 - mean) / std);
      const logits = (await session.run(input, [1, 1, side, side])).get("logits")!;
      const tolerance = toleranceOf("float32", Math.max(...row.map(Math.abs)));
      row.forEach((value, at) => expect(Math.abs(value - logits[at]!)).toBeLessThanOrEqual(tolerance));
    }
  });
  expect(latency.numerics).toEqual({ maxDifference: 0, tolerance: certifiedProbe(certificate)!.tolerance });
});

test("verify computes it here and on the target, and knows its images where it has the data set or the run", async () => {
  const verdicts = { probe: "passed", numerics: "passed" };
  expect(verdictsOf(await verify(child))).toMatchObject(verdicts);
  expect(verdictsOf(await verify(fixed))).toMatchObject(verdicts);
  for (const beside of [{ data: source }, { run: run.folder }]) {
    expect(verdictsOf(await verify(child, beside))).toMatchObject({ ...verdicts, "probe images": "passed" });
  }
  const swapped = await resealed(({ probe, ...rest }) => {
    const pixels = Buffer.from(probe!.pixels, "base64");
    pixels[0]! ^= 1;
    return { ...rest, probe: { ...probe!, pixels: pixels.toString("base64") } };
  });
  expect(verdictsOf(await verify(swapped, { data: source }))).toMatchObject({ "probe images": "failed" });
  const chosen = await resealed(({ probe, ...rest }) => ({ ...rest, probe: { ...probe!, images: [0, 1, 2, 3] } }));
  expect(detailOf(await verify(chosen, { data: source }), "probe images")).toMatch(/are not those of seed/);
  const cut = await resealed(({ probe, ...rest }) => ({ ...rest, probe: { ...probe!, images: [1] } }));
  expect(verdictsOf(await verify(cut))).toMatchObject({ arithmetic: "failed" });
});

test("logits that were changed and sealed again are found by anyone with the file", async () => {
  const found = await verify(await doctored());
  expect(found.passed).toBe(false);
  expect(verdictsOf(found)).toMatchObject({ probe: "failed", numerics: "failed", latency: "skipped" });
  expect(detailOf(found, "probe")).toMatch(/^largest difference 1\.00e-2 of \S+e-4, on this machine's CPU$/);
});

test("a target that computes otherwise is named and refused by export, bench and search, before anything is written", async () => {
  const board = offBy(0.01);
  const out = join(await temporaryFolder(), "child.onnx");
  const exported = exportChild(run, architecture, { out, recalibrationImages, target: board, seconds: 0.1 });
  await expect(exported).rejects.toMatchObject({ code: "target/numerics" });
  await expect(exported).rejects.toThrow(/^target board is off by 1\.0e-2 in the logits of \d+; want at most \S+e-4/);
  await expect(readFile(out)).rejects.toThrow("ENOENT");
  await expect(benchFiles([child], { target: board, seconds: 0.1 })).rejects.toThrow(`in the logits of ${child}`);
  const searched = search(run, {
    ...{ budgets: [parseBudget("latency=9s")], out: await temporaryFolder(), target: board, seconds: 0.1 },
    ...{ recalibrationImages, fineCandidates: 1 },
  });
  await expect(searched).rejects.toMatchObject({ code: "target/numerics" });
  // By its photo finish the latency is known; the certificate's own probe is still computed.
  const known = await benchFiles([child], { seconds: 0.1 });
  const latencies = new Map([[certificate.id, known.results[0]!]]);
  await expect(
    exportChildren(run, [{ architecture, out }], { recalibrationImages, target: board, latencies }),
  ).rejects.toMatchObject({ code: "target/numerics" });
  expect(verdictsOf(await verify(child, { target: board }))).toMatchObject({ probe: "passed", numerics: "failed" });
});

test("where the difference is allowed, results and certificate say by how much", async () => {
  const board = offBy(0.01);
  const differences = "noted";
  const out = join(await temporaryFolder(), "child.onnx");
  const shared = { recalibrationImages, differences, seconds: 0.1 } as const;
  const { latency, otherTargets } = await exportChild(run, architecture, { ...shared, out, otherTargets: [board] });
  expect(latency.numerics!.maxDifference).toBe(0);
  expect(otherTargets![0]!.latency.numerics!.maxDifference).toBeCloseTo(0.01, 5);
  const { results, unchecked } = await benchFiles([child], { target: board, differences, seconds: 0.1 });
  expect(results[0]!.numerics!.maxDifference).toBeCloseTo(0.01, 5);
  expect(unchecked).toEqual([]);
  const found = await verify(child, { target: board, differences });
  expect(found.passed).toBe(true);
  expect(verdictsOf(found)).toMatchObject({ numerics: "noted", latency: "noted" });
});

test("certificates without a probe are read as ever: verify checks the anchor, bench says what it could not check", async () => {
  const out = join(await temporaryFolder(), "child.onnx");
  const bare = await exportChild(run, architecture, { out, recalibrationImages, withoutProbe: true, seconds: 0.1 });
  expect(bare).not.toHaveProperty("probe");
  expect(bare.latency.numerics!.maxDifference).toBe(0);
  const older = await withoutProbe();
  const found = await verify(older);
  expect(found.passed).toBe(true);
  expect(verdictsOf(found)).toMatchObject({ probe: "skipped", numerics: "passed" });
  expect(detailOf(found, "numerics")).toMatch(/, on local, by the anchor, since the certificate has no probe$/);
  expect(verdictsOf(await verify(older, { target: offBy(0.01) }))).toMatchObject({ numerics: "failed" });
  const board = mockTarget({ name: "board", msOf: () => 1 });
  expect(detailOf(await verify(child, { target: board }), "numerics")).toBe("not checked: board gives times alone");
  const foreign = join(await temporaryFolder(), "other.onnx");
  await writeFile(foreign, await readFile(fixed));
  await writeFile(foreign.replace(".onnx", ".json"), await readFile(child.replace(".onnx", ".json")));
  const why = async (path: string, target?: Target): Promise<string | undefined> =>
    (await benchFiles([path], { seconds: 0.1, ...(target && { target }) })).unchecked[0]?.why;
  expect(await why(child)).toBeUndefined();
  expect(await why(fixed)).toBeUndefined();
  expect(await why(older)).toBe("its certificate has no probe");
  expect(await why(foreign)).toBe("the certificate beside it is of another file");
  expect(await why(child, board)).toBe("the target gives times alone");
});

test("a certificate has the device's state before and after its session, where the target shows it", async () => {
  const out = join(await temporaryFolder(), "child.onnx");
  const stateOf = (nowMs: number) => ({
    clockMHz: { now: 1500, most: 1800 },
    temperatureC: 40 + nowMs,
    throttling: [],
  });
  const board = mockTarget({ name: "board", msOf: () => 1, stateOf });
  const { latency } = await exportChild(run, architecture, { out, recalibrationImages, target: board, seconds: 1 });
  expect(latency.state!.before).toEqual(stateOf(0));
  expect(latency.state!.after).toEqual(stateOf(board.nowMs));
  expect((await verify(out)).passed).toBe(true);
});
