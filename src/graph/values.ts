/**
 * The inputs and outputs of nodes: values (activations) and parameters (trained or measured arrays), with sizes and
 * data type.
 *
 * Everything here is generic in `S`, the type of a size: `Size` in an elastic graph, `number` in a plain one.
 */

/** A channel dimension whose size an architecture chooses: the first `size` of `maximum` channels. */
export interface Axis {
  readonly kind: "axis";
  readonly name: string;
  readonly maximum: number;
}

/** A kernel whose centre crop an architecture uses; `maximum` is odd. */
export interface ElasticKernel {
  readonly kind: "kernel";
  readonly name: string;
  readonly maximum: number;
}

/** A residual branch that an architecture may switch off (depth). */
export interface Gate {
  readonly name: string;
}

/** A dimension: a number, or one that an architecture decides. */
export type Size = number | Axis | ElasticKernel;
/** A number of channels, or an axis whose size an architecture chooses. */
export type Channels<S extends Size = Size> = Extract<S, number | Axis>;
/** A kernel size (height = width), or an elastic kernel whose size an architecture chooses. */
export type Kernel<S extends Size = Size> = Extract<S, number | ElasticKernel>;

/** Bytes of one element, by data type. */
export const bytesOfType = { float32: 4, float16: 2 } as const;
/** The type of an array's values. */
export type DataType = keyof typeof bytesOfType;

/** An activation tensor: [batch, height, width, channels], or [batch, channels] after `flatten`. */
export interface Value<S extends Size = Size> {
  readonly name: string;
  readonly channels: Channels<S>;
  readonly dtype: DataType;
}

/**
 * How a parameter starts. Its shape decides fan-in and fan-out; the recipe decides `last-gamma`, of a residual block's
 * last batch norm.
 */
export type Initializer = "he-normal-fan-out" | "uniform-fan-in" | "zeros" | "ones" | "last-gamma";

/**
 * An array that is trained or measured. Shapes: conv weight [kernel, kernel, in, out], depthwise weight [kernel, kernel, channels],
 * dense weight [in, out], all others [channels].
 */
export interface Parameter<S extends Size = Size> {
  readonly name: string;
  /** Kept as whole numbers in a file, which stand for them times a scale per output channel; nodes compute with the products. */
  readonly stored?: "int8" | "int32";
  readonly shape: readonly (Channels<S> | Kernel<S>)[];
  readonly dtype: DataType;
  readonly initializer: Initializer;
  /** Whether weight decay applies: yes for weights, no for biases and batch norm. */
  readonly decay: boolean;
}

/** An architecture's concrete sizes, kernels and gates for a graph, and the resolution of its input. */
export interface Setting {
  readonly resolution: number;
  readonly axes: ReadonlyMap<string, number>;
  readonly kernels: ReadonlyMap<string, number>;
  readonly gates: ReadonlyMap<string, boolean>;
}

/** The size to reserve memory for: an elastic dimension's maximum. */
export const maximumOf = (size: Size): number => (typeof size === "number" ? size : size.maximum);

/** The size of a dimension in a setting. */
export function sizeIn(setting: Setting, size: Size): number {
  if (typeof size === "number") return size;
  const chosen = (size.kind === "axis" ? setting.axes : setting.kernels).get(size.name);
  if (chosen === undefined) throw new Error(`internal: the setting has no size for ${size.kind} ${size.name}`);
  return chosen;
}

/** Whether a gate is open; true if there is no gate. */
export const isOpen = (setting: Setting, gate: Gate | undefined): boolean =>
  gate === undefined || setting.gates.get(gate.name) === true;

export const isParameter = <S extends Size>(input: Value<S> | Parameter<S>): input is Parameter<S> => "shape" in input;

/** Number of elements of a parameter, in an elastic graph at maximum sizes. */
export const elementsOf = ({ shape }: Pick<Parameter, "shape">): number =>
  shape.reduce<number>((product, size) => product * maximumOf(size), 1);
