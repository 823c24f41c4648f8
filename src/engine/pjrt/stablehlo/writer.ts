/**
 * Writes a program in StableHLO's text, an operation at a time. Only operations of version 0.9.0 occur, in a spelling that plugins from
 * 2025 on read. Operations take numbers where they take tensors, and broadcast as NumPy does: sizes of 1 stretch.
 */
import type { TrainingPrecision } from "../../engine.js";
import type { ElementType, StableProgram, TensorType } from "./program.js";
import { both, crossing, listed, literal, typeText, type Element, type Tensor, type ValueType } from "./text.js";

export type { Tensor } from "./text.js";

export type Operand = Tensor | number;

/** How a convolution reads its sides and where it looks. */
export interface ConvolutionShape {
  /** Dimensions by their letters, as StableHLO prints them. */
  readonly dimensions: string;
  readonly stride?: number;
  /** Low and high, the same for height and width; the high side may be negative. */
  readonly pad: readonly [number, number];
  /** Distance of the input's pixels, and of the kernel's. */
  readonly inputDilation?: number;
  readonly kernelDilation?: number;
  readonly featureGroups?: number;
  readonly batchGroups?: number;
  /** Shape of the result. */
  readonly shape: readonly number[];
}

export interface StableWriter {
  /** The next input of the program. */
  input(element: ElementType, shape: readonly number[]): Tensor;
  vector(values: readonly number[]): Tensor;
  zeros(shape: readonly number[]): Tensor;
  /** [length]: 0, 1, 2, … */
  iota(length: number, element?: ElementType): Tensor;
  add(one: Operand, other: Operand): Tensor;
  subtract(one: Operand, other: Operand): Tensor;
  multiply(one: Operand, other: Operand): Tensor;
  divide(one: Operand, other: Operand): Tensor;
  maximum(one: Operand, other: Operand): Tensor;
  minimum(one: Operand, other: Operand): Tensor;
  unary(
    operation: "abs" | "exponential" | "log" | "sqrt" | "logistic" | "floor" | "round_nearest_even",
    x: Tensor,
  ): Tensor;
  nearestPowerOfTwo(x: Tensor): Tensor;
  compare(relation: "LT" | "GE" | "EQ" | "GT", one: Operand, other: Operand): Tensor;
  and(one: Tensor, other: Tensor): Tensor;
  select(condition: Tensor, yes: Operand, no: Operand): Tensor;
  convert(x: Tensor, element: Element): Tensor;
  reshape(x: Tensor, shape: readonly number[]): Tensor;
  transpose(x: Tensor, order: readonly number[]): Tensor;
  /** To a shape that NumPy would broadcast it to. */
  broadcast(x: Tensor, shape: readonly number[]): Tensor;
  /** Into some of the dimensions of a shape. */
  spread(x: Tensor, shape: readonly number[], dimensions: readonly number[]): Tensor;
  slice(x: Tensor, starts: readonly number[], ends: readonly number[], strides?: readonly number[]): Tensor;
  /** Zeros around, and between (`interior`). */
  pad(
    x: Tensor,
    sides: { readonly low: readonly number[]; readonly high: readonly number[]; readonly interior?: readonly number[] },
  ): Tensor;
  /** Vectors of the last dimension at places in the others, which are clamped: x [a, …, b, channels], places [shape, a…b] → [shape, channels]. */
  gather(x: Tensor, places: Tensor): Tensor;
  concatenate(parts: readonly Tensor[], dimension: number): Tensor;
  reverse(x: Tensor, dimensions: readonly number[]): Tensor;
  /** Without the dimensions that it reduces. */
  reduce(operation: "add" | "maximum" | "minimum", x: Tensor, dimensions: readonly number[]): Tensor;
  /**
   * Sums over one dimension of each: [rows, columns] where both are matrices.
   * @param precision by default the program's, which convolutions have, too
   */
  product(one: Tensor, other: Tensor, contracted: readonly [number, number], precision?: TrainingPrecision): Tensor;
  convolution(x: Tensor, kernel: Tensor, shape: ConvolutionShape): Tensor;
  /** @param donated for each output the input whose memory it takes over, if any */
  program(name: string, outputs: readonly Tensor[], donated?: readonly (Tensor | undefined)[]): StableProgram;
}

/** How products of float32 numbers are made: of what their factors are, and how exact they must be. */
interface Products {
  readonly element: Element;
  readonly allowed: "HIGHEST" | "HIGH" | "DEFAULT";
}

/**
 * HIGH lets NVIDIA's tensor cores round factors to tf32, and TPUs sum three products of bf16. Factors of bf16 have sums of bf16: with sums
 * of float32, XLA would convert the factors back first.
 */
const productsIn: Readonly<Record<TrainingPrecision, Products>> = {
  float32: { element: "f32", allowed: "HIGHEST" },
  tf32: { element: "f32", allowed: "HIGH" },
  bf16: { element: "bf16", allowed: "DEFAULT" },
};

const f32 = (shape: readonly number[]): TensorType => ({ element: "f32", shape });
const without = (shape: readonly number[], dimensions: readonly number[]): number[] =>
  shape.filter((_, dimension) => !dimensions.includes(dimension));

/** The shape that two shapes broadcast to, aligned at their last dimensions. */
function commonShape(one: readonly number[], other: readonly number[]): number[] {
  const rank = Math.max(one.length, other.length);
  const sized = (shape: readonly number[], dimension: number): number => shape[shape.length - rank + dimension] ?? 1;
  return Array.from({ length: rank }, (_, dimension) => Math.max(sized(one, dimension), sized(other, dimension)));
}

const same = (one: readonly number[], other: readonly number[]): boolean =>
  one.length === other.length && one.every((size, i) => size === other[i]);

/** @param precision of products, unless they say otherwise */
export function stableWriter(precision: TrainingPrecision = "float32"): StableWriter {
  const lines: string[] = [];
  const inputs: Tensor[] = [];
  /** Constants and their broadcasts are written once. */
  const written = new Map<string, Tensor>();
  let count = 0;

  const write = (type: ValueType, text: string): Tensor => {
    const id = `%${count++}`;
    lines.push(`    ${id} = ${text}`);
    return { id, type };
  };
  const put = (type: ValueType, text: string): Tensor => write(type, `stablehlo.${text}`);
  const once = (type: ValueType, text: string): Tensor => {
    const made = written.get(text) ?? put(type, text);
    written.set(text, made);
    return made;
  };
  const signature = (from: readonly Tensor[], to: ValueType): string =>
    `(${from.map(({ type }) => typeText(type)).join(", ")}) -> ${typeText(to)}`;

  const scalar = (value: number, element: Element = "f32"): Tensor => {
    const type: ValueType = { element, shape: [] };
    return once(type, `constant dense<${literal(value, element)}> : ${typeText(type)}`);
  };
  const spread = (x: Tensor, shape: readonly number[], dimensions: readonly number[]): Tensor => {
    const type = { element: x.type.element, shape };
    return once(type, `broadcast_in_dim ${x.id}, dims = ${listed(dimensions)} : ${signature([x], type)}`);
  };
  const broadcast = (x: Tensor, shape: readonly number[]): Tensor => {
    if (same(x.type.shape, shape)) return x;
    const first = shape.length - x.type.shape.length;
    return spread(
      x,
      shape,
      x.type.shape.map((_, dimension) => first + dimension),
    );
  };
  /** Both as tensors of one shape and type. */
  const aligned = (one: Operand, other: Operand): [Tensor, Tensor] => {
    const given = typeof one === "number" ? (other as Tensor) : one;
    const { element } = given.type;
    const [a, b] = [one, other].map((x) => (typeof x === "number" ? scalar(x, element) : x)) as [Tensor, Tensor];
    const shape = commonShape(a.type.shape, b.type.shape);
    return [broadcast(a, shape), broadcast(b, shape)];
  };
  const convert = (x: Tensor, element: Element): Tensor => {
    if (x.type.element === element) return x;
    const type = { element, shape: x.type.shape };
    return once(type, `convert ${x.id} : ${signature([x], type)}`);
  };
  /** A sum of products of two tensors: factors are converted, and the sum comes as float32. */
  const contracted = (
    factors: readonly [Tensor, Tensor],
    shape: readonly number[],
    { element, allowed }: Products,
    text: (one: Tensor, other: Tensor, allowed: string) => string,
  ): Tensor => {
    const [a, b] = [convert(factors[0], element), convert(factors[1], element)];
    const type = { element, shape };
    return convert(put(type, `${text(a, b, allowed)} : ${signature([a, b], type)}`), "f32");
  };
  const binary =
    (operation: string) =>
    (one: Operand, other: Operand): Tensor => {
      const [a, b] = aligned(one, other);
      return put(a.type, `${operation} ${a.id}, ${b.id} : ${typeText(a.type)}`);
    };

  return {
    input(element, shape) {
      const made: Tensor = { id: `%arg${inputs.length}`, type: { element, shape } };
      inputs.push(made);
      return made;
    },
    vector(values) {
      const type = f32([values.length]);
      const list = values.map((value) => literal(value, "f32")).join(", ");
      return once(type, `constant dense<[${list}]> : ${typeText(type)}`);
    },
    zeros: (shape) => broadcast(scalar(0), shape),
    iota(length, element = "f32") {
      const type: TensorType = { element, shape: [length] };
      return once(type, `iota dim = 0 : ${typeText(type)}`);
    },
    add: binary("add"),
    subtract: binary("subtract"),
    multiply: binary("multiply"),
    divide: binary("divide"),
    maximum: binary("maximum"),
    minimum: binary("minimum"),
    unary: (operation, x) => put(x.type, `${operation} ${x.id} : ${typeText(x.type)}`),
    // A mantissa of no bit is 1.
    nearestPowerOfTwo: (x) => put(x.type, `reduce_precision ${x.id}, format = e8m0 : ${typeText(x.type)}`),
    compare(relation, one, other) {
      const [a, b] = aligned(one, other);
      const type: TensorType = { element: "i1", shape: a.type.shape };
      return put(type, `compare ${relation}, ${a.id}, ${b.id} : ${signature([a, b], type)}`);
    },
    and: binary("and"),
    select(condition, yes, no) {
      const { shape } = condition.type;
      const [a, b] = [yes, no].map((x) => broadcast(typeof x === "number" ? scalar(x) : x, shape)) as [Tensor, Tensor];
      return put(a.type, `select ${condition.id}, ${a.id}, ${b.id} : ${typeText(condition.type)}, ${typeText(a.type)}`);
    },
    convert,
    reshape(x, shape) {
      if (same(x.type.shape, shape)) return x;
      const type = { element: x.type.element, shape };
      return put(type, `reshape ${x.id} : ${signature([x], type)}`);
    },
    transpose(x, order) {
      const type = { element: x.type.element, shape: order.map((dimension) => x.type.shape[dimension]!) };
      return put(type, `transpose ${x.id}, dims = ${listed(order)} : ${signature([x], type)}`);
    },
    broadcast,
    spread,
    slice(x, starts, ends, strides = starts.map(() => 1)) {
      const shape = starts.map((start, i) => Math.ceil((ends[i]! - start) / strides[i]!));
      if (same(shape, x.type.shape)) return x;
      const type = { element: x.type.element, shape };
      const cuts = starts.map((start, i) => `${start}:${ends[i]!}:${strides[i]!}`).join(", ");
      return put(type, `slice ${x.id} [${cuts}] : ${signature([x], type)}`);
    },
    pad(x, { low, high, interior = low.map(() => 0) }) {
      const type = f32(x.type.shape.map((size, i) => size + low[i]! + high[i]! + Math.max(0, size - 1) * interior[i]!));
      if ([...low, ...high, ...interior].every((size) => size === 0)) return x;
      const zero = scalar(0);
      const sides = `low = ${listed(low)}, high = ${listed(high)}, interior = ${listed(interior)}`;
      return put(type, `pad ${x.id}, ${zero.id}, ${sides} : ${signature([x, zero], type)}`);
    },
    gather(x, places) {
      const last = x.type.shape.length - 1;
      const channels = x.type.shape[last]!;
      const where = Array.from({ length: last }, (_, i) => i);
      const axis = places.type.shape.length - 1;
      const type = { element: x.type.element, shape: places.type.shape.with(axis, channels) };
      const numbers = [
        `offset_dims = [${axis}]`,
        `collapsed_slice_dims = ${listed(where)}`,
        `start_index_map = ${listed(where)}`,
        `index_vector_dim = ${axis}`,
      ].join(", ");
      const attributes = [
        `dimension_numbers = #stablehlo.gather<${numbers}>`,
        `slice_sizes = array<i64: ${[...where.map(() => 1), channels].join(", ")}>`,
        "indices_are_sorted = false",
      ].join(", ");
      // It has no shorter form.
      return write(type, `"stablehlo.gather"(${x.id}, ${places.id}) {${attributes}} : ${signature([x, places], type)}`);
    },
    concatenate(parts, dimension) {
      if (parts.length === 1) return parts[0]!;
      const { element, shape } = parts[0]!.type;
      const size = parts.reduce((sum, part) => sum + part.type.shape[dimension]!, 0);
      const type = { element, shape: shape.with(dimension, size) };
      return put(
        type,
        `concatenate ${parts.map(({ id }) => id).join(", ")}, dim = ${dimension} : ${signature(parts, type)}`,
      );
    },
    reverse: (x, dimensions) => put(x.type, `reverse ${x.id}, dims = ${listed(dimensions)} : ${typeText(x.type)}`),
    reduce(operation, x, dimensions) {
      const neutral = { add: 0, maximum: -Infinity, minimum: Infinity }[operation];
      const start = scalar(neutral, x.type.element);
      const type = { element: x.type.element, shape: without(x.type.shape, dimensions) };
      const how = `applies stablehlo.${operation} across dimensions = ${listed(dimensions)}`;
      return put(type, `reduce(${x.id} init: ${start.id}) ${how} : ${signature([x, start], type)}`);
    },
    product(one, other, [left, right], products = precision) {
      const shape = [...without(one.type.shape, [left]), ...without(other.type.shape, [right])];
      return contracted([one, other], shape, productsIn[products], (a, b, allowed) => {
        const how = `contracting_dims = [${left}] x [${right}], precision = [${allowed}, ${allowed}]`;
        return `dot_general ${a.id}, ${b.id}, ${how}`;
      });
    },
    convolution(x, kernel, given) {
      const { dimensions, stride = 1, pad, inputDilation = 1, kernelDilation = 1 } = given;
      const { featureGroups = 1, batchGroups = 1, shape } = given;
      const window = [
        `stride = ${both(stride)}`,
        `pad = [${listed(pad)}, ${listed(pad)}]`,
        `lhs_dilate = ${both(inputDilation)}`,
        `rhs_dilate = ${both(kernelDilation)}`,
      ].join(", ");
      return contracted([x, kernel], shape, productsIn[precision], (a, b, allowed) => {
        const attributes = [
          `batch_group_count = ${batchGroups} : i64`,
          `feature_group_count = ${featureGroups} : i64`,
          `precision_config = [#stablehlo<precision ${allowed}>, #stablehlo<precision ${allowed}>]`,
        ].join(", ");
        return `convolution(${a.id}, ${b.id}) dim_numbers = ${dimensions}, window = {${window}} {${attributes}}`;
      });
    },
    program(name, outputs, donated = []) {
      const aliases = new Map(donated.flatMap((input, output) => (input ? [[input.id, output] as const] : [])));
      const parameters = inputs.map(({ id, type }) => {
        const output = aliases.get(id);
        return `${id}: ${typeText(type)}${output === undefined ? "" : ` {tf.aliasing_output = ${output} : i32}`}`;
      });
      const results = outputs.map(({ type }) => typeText(type)).join(", ");
      const text = [
        `module @${name} {`,
        `  func.func public @main(${parameters.join(", ")}) -> (${results}) {`,
        ...lines,
        `    return ${outputs.map(({ id }) => id).join(", ")} : ${results}`,
        "  }",
        "}",
        "",
      ].join("\n");
      return {
        ...{ name, text },
        inputs: inputs.map(crossing),
        outputs: outputs.map(crossing),
        donated: inputs.flatMap(({ id }, i) => (aliases.has(id) ? [i] : [])),
      };
    },
  };
}
