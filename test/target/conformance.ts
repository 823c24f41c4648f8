/** What every target must do; a target's own test file runs it. */
import { afterEach, describe, expect, test } from "vitest";
import { UserError } from "../../src/base/user-error.js";
import { withModel, type Target } from "../../src/target/target.js";

export interface Subject {
  open(): Target;
  /** Two models with one input each, of these dimensions without the batch. */
  readonly models: readonly [Uint8Array, Uint8Array];
  readonly dims: readonly number[];
  /** What the first model gives for an input, computed without the target. */
  expected(input: Float32Array, dims: readonly number[]): Promise<ReadonlyMap<string, Float32Array>>;
  /** Bytes that it refuses. */
  readonly refused: Uint8Array;
  /** By how much an output may differ from what is expected; 0 by default. */
  readonly tolerance?: number;
  /** Whether it runs a program, which gives no outputs and decides how many runs it times. */
  readonly isProgram?: boolean;
}

export function targetConformance(name: string, subject: Subject): void {
  const { models, dims, refused } = subject;
  const open: Target[] = [];
  const opened = (): Target => {
    const target = subject.open();
    open.push(target);
    return target;
  };
  const inputOf = (batch: number, seed = 0.5): Float32Array =>
    Float32Array.from({ length: dims.reduce((product, size) => product * size, batch) }, (_, i) => Math.sin(i * seed));
  const check = async (outputs: ReadonlyMap<string, Float32Array>, input: Float32Array, shape: readonly number[]) => {
    const expected = await subject.expected(input, shape);
    if (subject.tolerance === undefined) {
      expect(outputs).toEqual(expected);
      return;
    }
    expect([...outputs.keys()]).toEqual([...expected.keys()]);
    for (const [of, values] of expected) {
      const differences = values.map((value, i) => Math.abs(value - outputs.get(of)![i]!));
      expect(Math.max(...differences)).toBeLessThan(subject.tolerance);
    }
  };
  const checkOutputs = subject.isProgram ? () => undefined : test;

  describe(`target ${name}`, () => {
    afterEach(async () => {
      for (const target of open.splice(0)) await target.close();
    });

    checkOutputs("a model gives its outputs by name, whatever the batch, and a time above 0", async () => {
      await withModel(opened(), models[0], async (model) => {
        for (const batch of [1, 3, 1]) {
          const [input, shape] = [inputOf(batch), [batch, ...dims]];
          const { outputs, ms } = await model.run(input, shape);
          await check(outputs, input, shape);
          expect(ms).toBeGreaterThan(0);
          expect(model.loadMs).toBeGreaterThanOrEqual(0);
        }
      });
    });

    checkOutputs("models that are loaded together don't disturb each other, nor do runs that overlap", async () => {
      const target = opened();
      await withModel(target, models[0], (one) =>
        withModel(target, models[1], async (other) => {
          const inputs = [0.1, 0.2, 0.3].map((seed) => inputOf(1, seed));
          const runs = await Promise.all(
            inputs.flatMap((input) => [one.run(input, [1, ...dims]), other.run(inputOf(2), [2, ...dims])]),
          );
          for (const [i, input] of inputs.entries()) {
            await check(runs[2 * i]!.outputs, input, [1, ...dims]);
          }
        }),
      );
    });

    checkOutputs("timing gives as many times as asked for, each above 0", async () => {
      await withModel(opened(), models[0], async (model) => {
        for (const runs of [1, 11, 0]) {
          const times = await model.time(inputOf(1), [1, ...dims], runs);
          expect(times).toHaveLength(runs);
          for (const ms of times) expect(ms).toBeGreaterThan(0);
        }
      });
    });

    test("rounds visit every model, without the run that is not counted, and end in time", async () => {
      const target = opened();
      await withModel(target, models[0], (one) =>
        withModel(target, models[1], async (other) => {
          const visits = [one, other].map((model) => ({ model, input: inputOf(1), dims: [1, ...dims] }));
          const plan = { visits, runs: 4, seed: "a", forMs: 50, atLeast: 1, atMost: 3 };
          const rounds = await target.rounds(plan);
          expect(rounds.length).toBeGreaterThan(0);
          expect(rounds.length).toBeLessThanOrEqual(3);
          for (const { times } of rounds) {
            if (!subject.isProgram) expect(times.map((of) => of.length)).toEqual([3, 3]);
            for (const ms of times.flat()) expect(ms).toBeGreaterThan(0);
          }
          expect(rounds.map(({ atMs }) => atMs)).toEqual(rounds.map(({ atMs }) => atMs).sort((a, b) => a - b));
          expect(await target.rounds({ ...plan, forMs: 0, atLeast: 2 })).toHaveLength(2);
          const ended = AbortSignal.abort(new Error("enough"));
          await expect(target.rounds({ ...plan, signal: ended })).rejects.toThrow("enough");
        }),
      );
    });

    checkOutputs("at a pace, runs begin as far apart as it says, and each is timed without the pause", async () => {
      const target = opened();
      await withModel(target, models[0], async (model) => {
        const visits = [{ model, input: inputOf(1), dims: [1, ...dims] }];
        const plan = { visits, runs: 4, seed: "a", forMs: 0, atLeast: 2, atMost: 2 };
        await target.rounds(plan);
        const began = target.nowMs;
        const rounds = await target.rounds({ ...plan, everyMs: 100 });
        expect(target.nowMs - began).toBeGreaterThan(790);
        expect(rounds.map(({ times }) => times[0]!.length)).toEqual([3, 3]);
        expect(Math.min(...rounds.flatMap(({ times }) => times[0]!))).toBeLessThan(90);
      });
    });

    checkOutputs("an input that does not fill its dimensions is refused, and the model still runs", async () => {
      await withModel(opened(), models[0], async (model) => {
        await expect(model.run(inputOf(1), [2, ...dims])).rejects.toThrow();
        expect((await model.run(inputOf(1), [1, ...dims])).outputs.size).toBeGreaterThan(0);
      });
    });

    checkOutputs("a model that it cannot run is a mistake of the user, and leaves the target usable", async () => {
      const target = opened();
      await expect(target.load(refused)).rejects.toThrow(UserError);
      await withModel(target, models[0], async (model) => {
        expect((await model.run(inputOf(1), [1, ...dims])).outputs.size).toBeGreaterThan(0);
      });
    });

    test("a model that was released no longer runs; releasing it again does nothing", async () => {
      const model = await opened().load(models[0]);
      await model.release();
      await model.release();
      await expect(model.run(inputOf(1), [1, ...dims])).rejects.toThrow("released");
      await expect(model.time(inputOf(1), [1, ...dims], 1)).rejects.toThrow("released");
    });

    test("closing releases what is still loaded; nothing can be loaded afterwards", async () => {
      const target = opened();
      // It may fail before this test looks.
      const loading = target.load(models[1]).catch(() => undefined);
      const model = await target.load(models[0]);
      await target.close();
      await loading;
      await expect(model.run(inputOf(1), [1, ...dims])).rejects.toThrow("released");
      await expect(target.load(models[0])).rejects.toThrow("closed");
    });

    test("it says what its times depend on, as plain JSON", async () => {
      const target = opened();
      const environment = await target.environment();
      expect(JSON.parse(JSON.stringify(environment))).toEqual(environment);
      // Not every system shows its clock and temperature.
      const { state: _, browser: _page, ...always } = environment;
      const kinds = Object.entries(always).map(([key, value]) => [key, typeof value]);
      expect(Object.fromEntries(kinds)).toEqual({
        ...{
          cpu: "string",
          cores: "number",
          cpuFlags: "object",
          governor: "string",
          memoryGiB: "number",
          os: "string",
        },
        ...{ node: "string", onnxruntime: "string", executionProvider: "string", threads: "number" },
      });
      expect(target.name).toMatch(/^[a-z]+(:[a-z]+=\w+)*$/);
    });
  });
}
