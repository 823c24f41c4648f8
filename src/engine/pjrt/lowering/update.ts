/** The program that updates all weights, as src/train/optimizer.ts and src/train/average.ts do on the host. All arrays are flat. */
import type { Update, UpdateRule } from "../../resident.js";
import type { StableProgram } from "../stablehlo/program.js";
import { stableWriter, type StableWriter, type Tensor } from "../stablehlo/writer.js";

/** Rate, largest norm, and how much of the average is kept. */
export const updateNumbers = ({ rate, clipNorm, averaging }: Update): Float32Array =>
  Float32Array.of(rate, clipNorm ?? 0, averaging);

export interface UpdateShape {
  /** Number of weights. */
  readonly length: number;
  readonly rule: UpdateRule;
  readonly hasAverage: boolean;
  /** Whether the gradient is clipped. */
  readonly clips: boolean;
}

/** The optimiser's states by name, in the order in which the program takes them and gives them back. */
export const statesOf = (rule: UpdateRule): readonly string[] =>
  rule.kind === "rmsprop" ? ["meanSquare", "momentum"] : ["momentum"];

/** (gradient, numbers, weights, the average if there is one, states) → a gradient of zeros, its norm, and the arrays anew */
export function updateProgram({ length, rule, hasAverage, clips }: UpdateShape): StableProgram {
  const w = stableWriter();
  const gradient = w.input("f32", [length]);
  const numbers = w.input("f32", [3]);
  const weights = w.input("f32", [length]);
  const average = hasAverage ? w.input("f32", [length]) : undefined;
  const states = new Map(statesOf(rule).map((name) => [name, w.input("f32", [length])]));
  const number = (i: number): Tensor => w.slice(numbers, [i], [i + 1]);
  const [rate, clipNorm, kept] = [number(0), number(1), number(2)];

  const norm = w.reshape(w.unary("sqrt", w.reduce("add", w.multiply(gradient, gradient), [0])), [1]);
  // A norm of 0 makes the factor infinite and so 1.
  const g = clips ? w.multiply(gradient, w.minimum(1, w.divide(clipNorm, norm))) : gradient;
  const { step, next } = stepOf(w, rule, { g, rate, states });
  const moved = w.subtract(weights, step);
  const averaged = average && w.add(w.multiply(average, kept), w.multiply(moved, w.subtract(1, kept)));
  return w.program(
    "update",
    [w.zeros([length]), norm, moved, ...(averaged ? [averaged] : []), ...next.values()],
    [gradient, undefined, weights, ...(average ? [average] : []), ...states.values()],
  );
}

/** (one, other) → their sum, in the memory of the first */
export function addProgram(length: number): StableProgram {
  const w = stableWriter();
  const [one, other] = [w.input("f32", [length]), w.input("f32", [length])];
  return w.program("add", [w.add(one, other)], [one]);
}

/** (x) → zeros in its memory */
export function clearProgram(length: number): StableProgram {
  const w = stableWriter();
  const x = w.input("f32", [length]);
  return w.program("clear", [w.zeros([length])], [x]);
}

/** By what the weights move, and the states after it. */
function stepOf(
  w: StableWriter,
  rule: UpdateRule,
  { g, rate, states }: { readonly g: Tensor; readonly rate: Tensor; readonly states: ReadonlyMap<string, Tensor> },
): { readonly step: Tensor; readonly next: ReadonlyMap<string, Tensor> } {
  const momentum = states.get("momentum")!;
  if (rule.kind === "sgd-nesterov") {
    const moving = w.add(w.multiply(momentum, rule.momentum), g);
    return {
      step: w.multiply(w.add(g, w.multiply(moving, rule.momentum)), rate),
      next: new Map([["momentum", moving]]),
    };
  }
  const { decay, epsilon } = rule;
  const meanSquare = w.add(w.multiply(states.get("meanSquare")!, decay), w.multiply(w.multiply(g, g), 1 - decay));
  const scaled = w.divide(w.multiply(g, rate), w.unary("sqrt", w.add(meanSquare, epsilon)));
  const moving = w.add(w.multiply(momentum, rule.momentum), scaled);
  return { step: moving, next: new Map(Object.entries({ meanSquare, momentum: moving })) };
}
