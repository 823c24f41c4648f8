/** The programs of a child and of weight decay: one for all settings, since a setting is an input. */
import { nodesOf, type PlainGraph } from "../../../graph/graph.js";
import { roundedWeights } from "../../../graph/rounded-weights.js";
import { roundedOf, type ResidentChild, type ResidentOptions } from "../../resident.js";
import { limitsOf, type MaskPlan } from "../../mask-plan.js";
import type { Setting } from "../../../graph/values.js";
import type { StableProgram } from "../stablehlo/program.js";
import { stableWriter, type StableWriter, type Tensor } from "../stablehlo/writer.js";
import type { Lowering } from "./lowering.js";
import { packed, unpacked } from "./flat.js";
import { programLoss } from "./loss.js";
import { programMasks, type ProgramMasks } from "./masks.js";
import { forwardPass } from "./pass.js";

/** Features before the classifier, which dropout drops; 0 where the graph drops none. */
export const droppedFeatures = ({ whole }: ResidentOptions): number => nodesOf(whole, "dropout")[0]?.in.x.channels ?? 0;

/** Bytes of an image's bits, one for each of these features. */
export const keptBytes = (options: ResidentOptions): number => Math.ceil(droppedFeatures(options) / 8);

/** What a child's program depends on. */
export interface ChildForm {
  readonly resolution: number;
  readonly isRounded: boolean;
}

/** What the program is given for a child: a limit for each mask, the factor of kept features, and by what the loss is divided. */
export const childNumbers = (plan: MaskPlan, { setting, dropout, images }: ResidentChild): Float32Array =>
  Float32Array.of(...limitsOf(plan, setting), 1 / (1 - (dropout?.rate ?? 0)), images);

/**
 * (weights, gradient, numbers, images, targets, counted, where the graph drops features their bits,
 * where sizes differ the resize matrix)
 * → gradient, [loss, right answers], probabilities [group, classes]
 */
export function childProgram(
  options: ResidentOptions,
  plan: MaskPlan,
  { lowering, resolution, isRounded }: ChildForm & { readonly lowering: Lowering },
): StableProgram {
  const { layout, group, classes, pictures } = options;
  const { size, channels } = pictures;
  const features = droppedFeatures(options);
  const w = stableWriter(lowering.precision);
  const weights = w.input("f32", [layout.length]);
  const gradient = w.input("f32", [layout.length]);
  const numbers = w.input("f32", [plan.rows.length + 2]);
  const pixels = w.input("f32", [group, size, size, channels]);
  const targets = w.input("f32", [group, classes]);
  const counted = w.input("i32", [group]);
  const kept = features > 0 ? w.input("ui8", [group, keptBytes(options)]) : undefined;
  const images = resolution === size ? pixels : resized(w, pixels, w.input("f32", [resolution, size]));
  const number = (i: number): Tensor => w.slice(numbers, [i], [i + 1]);
  const masks = programMasks(w, plan, w.slice(numbers, [0], [plan.rows.length]));

  const full = unpacked(w, layout, weights);
  const { whole, effective } = formOf(options, masks, isRounded);
  const parameters = new Map([...full].map(([name, values]) => [name, effective(name, values)]));
  const dropout = kept && w.multiply(bitsOf(w, kept, features), number(plan.rows.length));
  const pass = forwardPass(w, whole, lowering.backend, { images, parameters, dropout });
  const scale = number(plan.rows.length + 1);
  const loss = programLoss(w, pass.logits, { targets, counted, scale });
  const gradients = pass.backward(loss.gradient);
  const through = new Map<string, Tensor>();
  for (const name of layout.slots.keys()) {
    const masked = masks.gradient(name, gradients.get(name)!);
    if (masked) through.set(name, masked);
  }
  const said = w.concatenate(
    [loss.sum, loss.correct].map((value) => w.reshape(value, [1])),
    0,
  );
  return w.program(
    `child_${resolution}${isRounded ? "_rounded" : ""}`,
    [w.add(gradient, packed(w, layout, through)), said, loss.probabilities],
    [gradient],
  );
}

/** The graph of a child's program, and how it makes its parameters. */
function formOf(
  options: ResidentOptions,
  masks: ProgramMasks,
  isRounded: boolean,
): { readonly whole: PlainGraph<"trained">; readonly effective: ProgramMasks["effective"] } {
  if (!isRounded) return { whole: options.whole, effective: (name, full) => masks.effective(name, full) };
  const { whole, bits } = roundedOf(options);
  const by = { weights: roundedWeights(options.graph), bits };
  return { whole, effective: (name, full) => masks.rounded(name, full, by) };
}

/** [rows, features]: 1 where a bit is set, 0 elsewhere; the lowest bit of a byte first. */
function bitsOf(w: StableWriter, bytes: Tensor, features: number): Tensor {
  const [rows, count] = bytes.type.shape as [number, number];
  const wide = w.reshape(w.convert(bytes, "f32"), [rows, count, 1]);
  const shifted = w.unary("floor", w.divide(wide, w.vector([1, 2, 4, 8, 16, 32, 64, 128])));
  const bits = w.subtract(shifted, w.multiply(w.unary("floor", w.divide(shifted, 2)), 2));
  return w.slice(w.reshape(bits, [rows, 8 * count]), [0, 0], [rows, features]);
}

/** @param matrix [resolution, size], by which each side is multiplied */
function resized(w: StableWriter, images: Tensor, matrix: Tensor): Tensor {
  // A product puts the resized side first: [rows, group, columns, channels], then [columns, rows, group, channels].
  const rows = w.product(matrix, images, [1, 1], "float32");
  const columns = w.product(matrix, rows, [1, 2], "float32");
  return w.transpose(columns, [2, 1, 0, 3]);
}

/** What the program of weight decay is given: a limit for each mask, then a rate for each parameter that decays. */
export function decayNumbers(
  plan: MaskPlan,
  { layout }: ResidentOptions,
  { setting, used, rate }: { readonly setting: Setting; readonly used: ReadonlySet<string>; readonly rate: number },
): Float32Array {
  return Float32Array.of(
    ...limitsOf(plan, setting),
    ...[...layout.slots.keys()].map((name) => (used.has(name) ? rate : 0)),
  );
}

/** (weights, gradient, numbers) → gradient + rate · weight in the setting's box */
export function decayProgram({ layout }: ResidentOptions, plan: MaskPlan): StableProgram {
  const w = stableWriter();
  const weights = w.input("f32", [layout.length]);
  const gradient = w.input("f32", [layout.length]);
  const limits = plan.rows.length;
  const numbers = w.input("f32", [limits + layout.slots.size]);
  const masks = programMasks(w, plan, w.slice(numbers, [0], [limits]));
  const full = [...unpacked(w, layout, weights)];
  const decayed = full.map(([name, values], i): [string, Tensor] => {
    const rate = w.slice(numbers, [limits + i], [limits + i + 1]);
    return [name, w.multiply(masks.inBox(name, values), rate)];
  });
  return w.program("decay", [w.add(gradient, packed(w, layout, new Map(decayed)))], [gradient]);
}
