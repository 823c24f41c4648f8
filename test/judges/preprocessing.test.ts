/** What a file says of its pixels is what was certified: README's Python lines on pictures of every kind, at every resolution. */
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadDataset } from "../../src/data/load.js";
import { exportChild } from "../../src/deploy/export-child.js";
import { verifyChild } from "../../src/deploy/verify.js";
import { openRun } from "../../src/run/run.js";
import { biggest } from "../../src/space/space.js";
import { parseSpace } from "../../src/supernet/spaces.js";
import { mockTarget } from "../../src/target/mock.js";
import { train } from "../../src/train/train.js";
import { temporaryFolder } from "../temporary-folder.js";
import { tinyRecipe, tinySpace } from "../train/tiny.js";
import { missing, python } from "./judges.js";
import { readmeLines } from "./readme.js";

const resolutions = [16, 23, 32];
const target = mockTarget({ msOf: () => 1 });

/** Judges `child.onnx` in the working folder on argv's pictures: class folder by class folder, in order. */
const judge = `
import sys, pathlib
labels = json.loads(session.get_modelmeta().custom_metadata_map["nestling.labels"])
files = sorted(pathlib.Path(sys.argv[1]).glob("*/*"))
inputs = [pixel_values(file) for file in files]
logits = [session.run(["logits"], {"pixel_values": x})[0] for x in inputs]
mean, std = numpy.reshape(wanted["image_mean"], (-1, 1, 1)), numpy.reshape(wanted["image_std"], (-1, 1, 1))
pixels = [((x[0] * std + mean) * 255).round().astype(int).transpose(1, 2, 0).ravel().tolist() for x in inputs]
right = sum(labels[int(l.argmax())] == file.parent.name for l, file in zip(logits, files))
print(json.dumps({"files": [str(file) for file in files], "right": right, "pixels": pixels}))
`;

interface Judged {
  readonly files: readonly string[];
  readonly right: number;
  readonly pixels: readonly (readonly number[])[];
}

let pictures: string;
beforeAll(async () => {
  pictures = await mkdtemp(join(tmpdir(), "nestling-pictures-"));
  if (!missing) execFileSync(python, [join(import.meta.dirname, "make_pictures.py"), pictures]);
});
afterAll(() => rm(pictures, { recursive: true, force: true }));

test.skipIf(missing).each([
  [1, undefined],
  [3, undefined],
  [3, { cropShare: 0.875, interpolation: "bicubic" }],
] as const)(
  `pictures of every kind, %s channels, evaluation %j: file, metadata and Pillow give the certified number at every resolution${missing}`,
  async (channels, evaluation) => {
    const out = await temporaryFolder();
    const space = parseSpace({ ...tinySpace.data, channels, classes: 3, resolutions }, "test");
    const data = await loadDataset(pictures, { size: 32, channels });
    const learningRate = { perImage: 1e-3, warmupEpochs: 0 };
    const recipe = tinyRecipe({ batch: 16, learningRate, ...(evaluation && { evaluation }) });
    await train({ space, data, source: pictures, recipe, out: join(out, "run"), steps: 20, threads: 1 });
    const run = await openRun(join(out, "run"));
    const all = Array.from({ length: data.test.count }, (_, i) => i);
    for (const resolution of resolutions) {
      const folder = join(out, `${resolution}`);
      await mkdir(folder);
      const file = join(folder, "child.onnx");
      const certificate = await exportChild(run, { ...biggest(space), resolution }, { out: file, target });
      const answer = execFileSync(python, ["-c", `${readmeLines("definition")}\n${judge}`, join(pictures, "test")], {
        cwd: folder,
        maxBuffer: 2 ** 28,
      });
      const { files, right, pixels } = JSON.parse(answer.toString()) as Judged;
      expect(files).toHaveLength(data.test.count);
      const own = await data.test.read(all, resolution, evaluation);
      const floats = own.length / all.length;
      pixels.forEach((values, i) => {
        const largest = Math.max(...values.map((value, at) => Math.abs(value - own[i * floats + at]!)));
        expect(largest, `${files[i]!} at ${resolution}`).toBeLessThanOrEqual(1);
      });
      expect(right, `top-1 at ${resolution}`).toBe(certificate.correct);
      for (const beside of [{ data: pictures }, { run: join(out, "run") }]) {
        const { checks } = await verifyChild(file, { ...beside, target });
        expect(checks.find(({ name }) => name === "accuracy")).toMatchObject({ verdict: "passed" });
      }
    }
  },
  240_000,
);

test("AVIF is refused by name: its decoders differ in colours", async () => {
  const folder = await temporaryFolder();
  const { default: sharp } = await import("sharp");
  const avif = await sharp({ create: { width: 8, height: 8, channels: 3, background: "red" } })
    .avif()
    .toBuffer();
  for (const name of ["a", "b"]) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, "1.avif"), avif);
  }
  await expect(loadDataset(folder, { size: 8, channels: 3 })).rejects.toMatchObject({ code: "data/unreadable" });
});
