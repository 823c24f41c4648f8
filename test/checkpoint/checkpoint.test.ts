import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { UserError } from "../../src/base/user-error.js";
import { loadCheckpoint, saveCheckpoint, type Checkpoint } from "../../src/checkpoint/checkpoint.js";
import { temporaryFolder } from "../temporary-folder.js";

const hash = "0123456789abcdef".repeat(4);
const checkpointAt = (step: number): Omit<Checkpoint, "weightsHash"> => ({
  state: {
    step,
    totalSteps: 100,
    seed: 1234,
    space: { name: "tiny", widths: [8, 16] },
    spaceHash: hash,
    recipe: { name: "short", weightDecay: 1e-5, clipNorm: null },
    data: {
      source: "größe/bilder",
      fingerprint: hash,
      classes: ["a", "b"],
      mean: [0.2863],
      std: [0.3532],
      validationShare: 0.1,
      size: 28,
    },
    engine: "wasm",
    execution: "sliced",
  },
  weights: new Map([["w", { shape: [2], data: Float32Array.of(step, -0) }]]),
  optimizer: new Map([["momentum", { shape: [2], data: Float32Array.of(0.5, step) }]]),
});

async function saved(step = 7): Promise<string> {
  const folder = join(await temporaryFolder(), "run", "checkpoint");
  await saveCheckpoint(folder, checkpointAt(step));
  return folder;
}

test("what is saved is loaded", async () => {
  const { weightsHash, ...loaded } = await loadCheckpoint(await saved());
  expect(loaded).toEqual(checkpointAt(7));
  expect(weightsHash).toMatch(/^[0-9a-f]{64}$/);
});

test("a later checkpoint takes the place of the one before; nothing else is left", async () => {
  const folder = await saved(7);
  await saveCheckpoint(folder, checkpointAt(8));
  expect((await readdir(folder)).sort()).toEqual([
    "checkpoint.json",
    "optimizer-8.safetensors",
    "weights-8.safetensors",
  ]);
  expect((await loadCheckpoint(folder)).state.step).toBe(8);
});

test("killed before checkpoint.json is renamed, a run still has its last checkpoint", async () => {
  const folder = await saved(7);
  await writeFile(join(folder, "weights-8.safetensors"), "half written");
  await writeFile(join(folder, ".checkpoint.json.0123456789ab.partial"), "{");
  expect((await loadCheckpoint(folder)).state.step).toBe(7);
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
    const whole = await loadCheckpoint(folder);
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
        expect(await loadCheckpoint(folder)).toEqual(whole);
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
  await expect(loadCheckpoint(folder)).rejects.toMatchObject({
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
  await expect(loadCheckpoint(folder)).rejects.toMatchObject({
    code: "checkpoint/missing",
    problems: [{ at: join(folder, "checkpoint.json"), got: "missing" }],
  });
});

test.each([
  ["step", -1, "checkpoint.json: step is -1; want >=0."],
  ["format", 2, "checkpoint.json: format is 2; want one of 1."],
  ["execution", "both", 'checkpoint.json: execution is "both"; want one of "masked", "sliced".'],
  ["weights", { file: "../secret", sha256: hash }, 'checkpoint.json: weights.file is "../secret";'],
  ["extra", 1, "checkpoint.json is unknown key extra;"],
  ["seed", 1235, "checkpoint.json is changed since it was written;"],
])("checkpoint.json with another %s is refused", async (key, value, message) => {
  const folder = await saved();
  const path = join(folder, "checkpoint.json");
  const fields = JSON.parse(await readFile(path, "utf8")) as object;
  await writeFile(path, JSON.stringify({ ...fields, [key]: value }));
  await expect(loadCheckpoint(folder)).rejects.toMatchObject({
    code: "checkpoint/corrupt",
    message: expect.stringContaining(message) as string,
  });
});
