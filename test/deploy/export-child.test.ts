/** Several children of a run, exported together; and a latency that was measured before. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { certificateSchema } from "../../src/deploy/certificate.js";
import { exportChild, exportChildren } from "../../src/deploy/export-child.js";
import { openLatencyBench } from "../../src/evaluate/latency.js";
import { sample, smallest } from "../../src/space/space.js";
import { mockTarget } from "../../src/target/mock.js";
import { tinyRun } from "../search/tiny-run.js";
import { temporaryFolder } from "../temporary-folder.js";

const run = await tinyRun();
const [one, other] = [smallest(run.supernet.space), sample(run.supernet.space, random(2))];
const recalibrationImages = 100;

test("children that are exported together are timed in one session, each once, and each has its file and certificate", async () => {
  const folder = await temporaryFolder();
  // 1 ms for 10,000 bytes.
  const target = mockTarget({ msOf: ({ bytes }) => bytes.length / 10_000 });
  const children = [one, other, one].map((architecture, i) => ({ architecture, out: join(folder, `${i}.onnx`) }));
  const certificates = await exportChildren(run, children, { target, recalibrationImages, seconds: 12 });
  for (const [i, { out }] of children.entries()) {
    const certificate = certificates[i]!;
    expect(certificateSchema.parse(JSON.parse(await readFile(out.replace(".onnx", ".json"), "utf8")))).toEqual(
      certificate,
    );
    expect((await readFile(out)).length).toBe(certificate.fileBytes);
    expect(certificate.latencyMs).toBeCloseTo(certificate.fileBytes / 10_000, 9);
  }
  // Twelve loads of the anchor and two children.
  expect(new Set(target.log.map(({ model }) => model)).size).toBe(36);
  expect(certificates[0]!.latency).toEqual(certificates[2]!.latency);
  expect(await exportChildren(run, [], { target })).toEqual([]);
});

test("a latency that the bench measured before is certified as it is", async () => {
  const target = mockTarget({ name: "board", msOf: () => 2 });
  const bench = await openLatencyBench(target, { seconds: 1 });
  const [measured] = await bench.measure([{ name: "before", bytes: new Uint8Array(3), dims: [1, 1, 2, 2] }]);
  const [runs, latency] = [target.log.length, { ...measured!, undisturbedMs: 7 }];
  const out = join(await temporaryFolder(), "child.onnx");
  const certificate = await exportChild(run, one, { out, bench, latency, recalibrationImages });
  expect(certificate).toMatchObject({ latencyMs: 7, target: "board", latency: { seconds: measured!.seconds } });
  expect(target.log).toHaveLength(runs);
});
