import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { UserError } from "../../src/base/user-error.js";
import { openCheckpoint, saveCheckpoint, type Checkpoint } from "../../src/checkpoint/checkpoint.js";
import { temporaryFolder } from "../temporary-folder.js";

const hash = "0123456789abcdef".repeat(4);
const description = {
  space: { name: "tiny", widths: [8, 16] },
  spaceHash: hash,
  data: {
    source: "größe/bilder",
    fingerprint: hash,
    classes: ["a", "b"],
    mean: [0.2863],
    std: [0.3532],
    validationShare: 0.1,
    size: 28,
  },
  seed: 1234,
};
const checkpointAt = (step: number) =>
  ({
    description,
    weights: new Map([["w", { shape: [2], data: Float32Array.of(step, -0) }]]),
    training: {
      position: {
        step,
        totalSteps: 100,
        recipe: { name: "short", weightDecay: 1e-5, clipNorm: null },
        engine: "wasm",
        execution: "sliced",
      },
      optimizer: new Map([["momentum", { shape: [2], data: Float32Array.of(0.5, step) }]]),
    },
  }) satisfies Checkpoint;

/** All of it, arrays too. */
async function load(folder: string): Promise<Checkpoint & { weightsHash: string }> {
  const { description, position, weightsHash, weights, optimizer } = await openCheckpoint(folder);
  const training = position && { position, optimizer: await optimizer() };
  return { description, weights: await weights(), training, weightsHash };
}

async function saved(step = 7): Promise<string> {
  const folder = join(await temporaryFolder(), "run", "checkpoint");
  await saveCheckpoint(folder, checkpointAt(step));
  return folder;
}

test("what is saved is loaded", async () => {
  const { weightsHash, ...loaded } = await load(await saved());
  expect(loaded).toEqual(checkpointAt(7));
  expect(weightsHash).toMatch(/^[0-9a-f]{64}$/);
});

test("weights that were not trained here are a checkpoint too, without an optimiser", async () => {
  const folder = await saved();
  await saveCheckpoint(folder, { description, weights: checkpointAt(0).weights });
  expect(await load(folder)).toMatchObject({ description, weights: checkpointAt(0).weights, training: undefined });
  expect(await (await openCheckpoint(folder)).optimizer()).toEqual(new Map());
  expect((await readdir(folder)).sort()).toEqual(["checkpoint.json", "weights-0.safetensors"]);
});

test("who needs weights alone reads no optimiser", async () => {
  const folder = await saved();
  await rm(join(folder, "optimizer-7.safetensors"));
  expect(await (await openCheckpoint(folder)).weights()).toEqual(checkpointAt(7).weights);
});

test("a later checkpoint takes the place of the one before; nothing else is left", async () => {
  const folder = await saved(7);
  await saveCheckpoint(folder, checkpointAt(8));
  expect((await readdir(folder)).sort()).toEqual([
    "checkpoint.json",
    "optimizer-8.safetensors",
    "weights-8.safetensors",
  ]);
  expect((await openCheckpoint(folder)).position?.step).toBe(8);
});

test("killed before checkpoint.json is renamed, a run still has its last checkpoint", async () => {
  const folder = await saved(7);
  await writeFile(join(folder, "weights-8.safetensors"), "half written");
  await writeFile(join(folder, ".checkpoint.json.0123456789ab.partial"), "{");
  expect((await openCheckpoint(folder)).position?.step).toBe(7);
  await saveCheckpoint(folder, checkpointAt(9));
  expect((await readdir(folder)).sort()).toEqual([
    "checkpoint.json",
    "optimizer-9.safetensors",
    "weights-9.safetensors",
  ]);
});

test.each(["checkpoint.json", "weights-7.safetensors", "optimizer-7.safetensors"])(
  "%s cut off or with a flipped bit anywhere is refused, or still means the same",
  async (name) => {
    const folder = await saved();
    const whole = await load(folder);
    const path = join(folder, name);
    const bytes = new Uint8Array(await readFile(path));
    const damages = [
      ...Array.from(bytes, (_, length) => bytes.slice(0, length)),
      ...Array.from(bytes, (byte, at) => bytes.with(at, byte ^ (1 << (at % 8)))),
      ...Array.from(bytes, (byte, at) => bytes.with(at, byte ^ 1)),
    ];
    let refused = 0;
    for (const damaged of damages) {
      await writeFile(path, damaged);
      try {
        // Only blanks of the JSON may have changed.
        expect(await load(folder)).toEqual(whole);
        expect(name).toBe("checkpoint.json");
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        expect(error.code).toBe("checkpoint/corrupt");
        expect(error.message).toContain(path);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(0.9 * damages.length);
  },
);

test.each(["weights-7.safetensors", "optimizer-7.safetensors"])("a missing %s is named", async (name) => {
  const folder = await saved();
  await rm(join(folder, name));
  await expect(load(folder)).rejects.toMatchObject({
    code: "checkpoint/corrupt",
    problems: [{ at: join(folder, name), got: "missing", want: "the file that checkpoint.json names" }],
  });
});

test.each([
  ["without a folder", async (folder: string) => rm(folder, { recursive: true })],
  ["without checkpoint.json", async (folder: string) => rm(join(folder, "checkpoint.json"))],
])("%s there is no checkpoint", async (_, damage) => {
  const folder = await saved();
  await damage(folder);
  await expect(load(folder)).rejects.toMatchObject({
    code: "checkpoint/missing",
    problems: [{ at: join(folder, "checkpoint.json"), got: "missing" }],
  });
});

test.each([
  ["training", { ...checkpointAt(7).training.position, step: -1 }, "checkpoint.json: training.step is -1; want >=0."],
  ["format", 1, "checkpoint.json: format is 1; want one of 2."],
  ["training", { execution: "both" }, 'checkpoint.json: training.execution is "both"; want one of "masked", "sliced".'],
  ["weights", { file: "../secret", sha256: hash }, 'checkpoint.json: weights.file is "../secret";'],
  ["extra", 1, "checkpoint.json is unknown key extra;"],
  ["seed", 1235, "checkpoint.json is changed since it was written;"],
])("checkpoint.json with another %s is refused", async (key, value, message) => {
  const folder = await saved();
  const path = join(folder, "checkpoint.json");
  const fields = JSON.parse(await readFile(path, "utf8")) as object;
  await writeFile(path, JSON.stringify({ ...fields, [key]: value }));
  await expect(load(folder)).rejects.toMatchObject({
    code: "checkpoint/corrupt",
    message: expect.stringContaining(message) as string,
  });
});
