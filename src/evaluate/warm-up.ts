/** Models with inputs, loaded and warmed up, ready to be timed. */
import { random } from "../base/random.js";
import type { Stretch, Target } from "../target/target.js";

/** A model's first load warms the machine up, too; its time is bounded where runs take none. */
const FIRST_WARM_UP = { runs: 10, ms: 25, atMost: 1000 };
const WARM_UP_RUNS = 3;
/** Until the JavaScript around a run is compiled, each takes 20 µs more. */
const COMPILED_AFTER_RUNS = 3000;

export type Visit = Stretch["visits"][number];

/** @returns an input for each shape. Normally distributed: zeros and denormals run at other speeds than images */
export function inputsOf(shapes: readonly (readonly number[])[], seed: string): Float32Array[] {
  const draw = random("inputs", seed);
  return shapes.map((dims) =>
    Float32Array.from({ length: dims.reduce((product, size) => product * size, 1) }, () => draw.normal()),
  );
}

/** @returns ms of the first run */
export async function warmUp(target: Target, { model, input, dims }: Visit, isFirst: boolean): Promise<number> {
  const [first] = await model.time(input, dims, isFirst ? FIRST_WARM_UP.runs : WARM_UP_RUNS);
  const until = target.nowMs + (isFirst ? FIRST_WARM_UP.ms : 0);
  for (let run = 0; target.nowMs < until && run < FIRST_WARM_UP.atMost; run++) await model.time(input, dims, 1);
  return first!;
}

/** Runs a model until JavaScript is compiled, or until `untilMs` by the target's clock. */
export async function untilCompiled(target: Target, { model, input, dims }: Visit, untilMs: number): Promise<void> {
  const atOnce = 100;
  for (let run = 0; run < COMPILED_AFTER_RUNS && target.nowMs < untilMs; run += atOnce) {
    await model.time(input, dims, atOnce);
  }
}

/**
 * Loads models, warms them up until JavaScript is compiled, for a second at most, passes them to `use`, and releases them whatever happens.
 * @param seed of the inputs
 */
export async function withWarmModels<T>(
  target: Target,
  models: readonly { readonly bytes: Uint8Array; readonly dims: readonly number[] }[],
  seed: string,
  use: (visits: readonly Visit[]) => Promise<T>,
): Promise<T> {
  const inputs = inputsOf(
    models.map(({ dims }) => dims),
    seed,
  );
  const visits: Visit[] = [];
  try {
    for (const [i, { bytes, dims }] of models.entries()) {
      visits.push({ model: await target.load(bytes), dims, input: inputs[i]! });
    }
    for (const visit of visits) await warmUp(target, visit, true);
    if (visits[0]) await untilCompiled(target, visits[0], target.nowMs + 1000);
    return await use(visits);
  } finally {
    for (const { model } of visits) await model.release();
  }
}
