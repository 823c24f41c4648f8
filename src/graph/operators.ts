/**
 * The operators, one line of types each, in two sets over one graph: for training and for deployment.
 *
 *   trained    has dropout; batch norm normalises by the batch. Engines run it.
 *   deployed   has no dropout; batch norm gets its statistics from `moments` or as parameters. onnxruntime runs it.
 *
 * Every lowering is a table over one of the sets, so a new operator does not compile until each table has its row:
 * facts.ts, compile/emit.ts, the engines. `S` is the type of a size (values.ts).
 */
import type { ActivationFunction } from "./activations.js";
import type { Gate, Kernel, Parameter, Size, Value } from "./values.js";

/** An operator: its inputs, its outputs, and the attributes that decide its result. */
interface Operator<In, Out, Attributes = Record<string, never>> {
  readonly in: Readonly<In>;
  readonly attributes: Readonly<Attributes>;
  readonly out: Readonly<Out>;
}

/** An attribute of elastic graphs only: in a plain graph it is already decided. */
type Elastic<S extends Size, T> = [S] extends [number] ? never : T;

/** Pads are symmetric, (kernel − 1) / 2, so that a centre crop of the kernel sees the same pixels. */
interface Window<S extends Size> {
  kernel: Kernel<S>;
  stride: number;
}

interface Weighted<S extends Size> {
  x: Value<S>;
  weight: Parameter<S>;
  bias?: Parameter<S>;
}

/** A convolution with a weight for each pair of channels. */
interface ConvAttributes<S extends Size> extends Window<S> {
  /** For a shortcut: if an architecture makes its two sides equal, the conv is the identity (AttentiveNAS's rule). */
  identityWhenSquare?: Elastic<S, true>;
}

interface DepthwiseAttributes<S extends Size> extends Window<S> {
  /** Bypasses the branch of this gate: kernel 1, the identity if the gate is closed, zero if it is open. */
  bypasses?: Elastic<S, Gate>;
}

interface NormInputs<S extends Size> {
  x: Value<S>;
  gamma: Parameter<S>;
  beta: Parameter<S>;
}

interface NormAttributes<S extends Size> {
  epsilon: number;
  /** The residual branch that this batch norm ends. */
  gate?: Elastic<S, Gate>;
}

/** A vector of [channels]: measured and stored, or computed from the batch. */
export type Statistic<S extends Size> = Parameter<S> | Value<S>;

/** A window of `stride` × `stride`; the last window of an odd size is partial and divides by the pixels it has. */
interface Pool {
  stride: number;
}

interface DeployedPool extends Pool {
  /** Whether it is written as a depthwise convolution where no window is partial. Only the compiler sets it (quantize). */
  asConvolution?: true;
}

interface SlopedActivation {
  function: ActivationFunction;
  /** Slope of a hard-sigmoid, 1/6 by default. Only the compiler writes another one (fold-hard-sigmoid). */
  slope?: number;
}

/** The whole numbers of 8 bits, without a sign and with one. */
export const wholeNumbers = { uint8: { least: 0, most: 255 }, int8: { least: -128, most: 127 } } as const;

/** Which 256 numbers a value may have. */
export interface Quantization {
  type: keyof typeof wholeNumbers;
  scale: number;
  /** The whole number that stands for 0. */
  zeroPoint: number;
}

/**
 * Which numbers a value may have in training: (q − zeroPoint) · scale with q from 0 to 2^bits − 1, of float32,
 *
 *   size       (largest − smallest) · (1 / (2^bits − 1)), or 1 where that is less than 1e−30
 *   scale      the multiple of unit nearest to size;  unit = 2^−15 · the power of two nearest to size
 *   step       scale · (1 − 2^−14)
 *   zeroPoint  round(−smallest / step)
 *   q          round(x / step) + zeroPoint, from 0 to 2^bits − 1
 *
 * where halves round to even. The smallest and the largest are the value's own over the whole batch, widened to hold 0. This is `quantizationOf`
 * (src/compile/ranges.ts) but for unit and step, which change 2^−14 of it: they make each product of q and scale exact, and both ends of
 * the range numbers of it. So what is rounded already stays as it is, bit for bit.
 */
export interface FakeQuantization {
  bits: number;
  /** The smallest and the largest where they are known beforehand. */
  range?: readonly [smallest: number, largest: number];
}

type One<S extends Size> = { x: Value<S> };
type Made<S extends Size> = { y: Value<S> };

/** Operators that are the same in training and deployment. */
interface Shared<S extends Size> {
  conv: Operator<Weighted<S>, Made<S>, ConvAttributes<S>>;
  depthwise: Operator<Weighted<S>, Made<S>, DepthwiseAttributes<S>>;
  dense: Operator<Weighted<S>, Made<S>>;
  add: Operator<{ x: Value<S>; branch: Value<S> }, Made<S>>;
  /** x [batch, height, width, channels] times factor, [batch, 1, 1, channels] in squeeze-and-excite; as large as x in a swish that is split. */
  multiply: Operator<{ x: Value<S>; factor: Value<S> }, Made<S>>;
  /** [batch, height, width, channels] → [batch, 1, 1, channels]. */
  globalAveragePool: Operator<One<S>, Made<S>>;
  /** [batch, 1, 1, channels] → [batch, channels]. */
  flatten: Operator<One<S>, Made<S>>;
}

interface OnlyTrained<S extends Size> {
  /** Acts on [batch, channels] in training, only in the biggest child; the identity everywhere else. */
  dropout: Operator<One<S>, Made<S>>;
  /** The nearest of 2^bits numbers, as `quantize` will have them; its gradient is that of the identity (straight-through). */
  fakeQuantize: Operator<One<S>, Made<S>, FakeQuantization>;
}

interface OnlyDeployed<S extends Size> {
  /** The batch's mean and biased variance per channel, vectors of [channels]. */
  moments: Operator<One<S>, { mean: Value<S>; variance: Value<S> }>;
  /** The batch's smallest and largest value per channel, vectors of [channels]. */
  extremes: Operator<One<S>, { smallest: Value<S>; largest: Value<S> }>;
  /** The nearest of the 256 numbers (q − zeroPoint) · scale, q a whole number of 8 bits. */
  quantize: Operator<One<S>, Made<S>, Quantization>;
  /** slope · x + 1/2 of an x that these numbers hold: a hard-sigmoid where its output's numbers run from 0 to 1, which clips it. */
  unclippedHardSigmoid: Operator<One<S>, Made<S>, Quantization & { slope: number }>;
  /** The same numbers in its output's data type. */
  cast: Operator<One<S>, Made<S>>;
}

export interface Trained<S extends Size> extends Shared<S>, OnlyTrained<S> {
  /** Normalises by the batch's own (biased) statistics over batch, height and width. */
  batchNorm: Operator<NormInputs<S>, Made<S>, NormAttributes<S>>;
  activation: Operator<One<S>, Made<S>, { function: ActivationFunction }>;
  averagePool: Operator<One<S>, Made<S>, Pool>;
}

export interface Deployed<S extends Size> extends Shared<S>, OnlyDeployed<S> {
  batchNorm: Operator<NormInputs<S> & Record<"mean" | "variance", Statistic<S>>, Made<S>, NormAttributes<S>>;
  activation: Operator<One<S>, Made<S>, SlopedActivation>;
  averagePool: Operator<One<S>, Made<S>, DeployedPool>;
}

/** All operators, for code that reads any graph: printing, verifying, counting. */
interface Any<S extends Size> extends Shared<S>, OnlyTrained<S>, OnlyDeployed<S> {
  batchNorm: Operator<NormInputs<S> & Partial<Record<"mean" | "variance", Statistic<S>>>, Made<S>, NormAttributes<S>>;
  activation: Operator<One<S>, Made<S>, SlopedActivation>;
  averagePool: Operator<One<S>, Made<S>, DeployedPool>;
}

interface Sets<S extends Size> {
  trained: Trained<S>;
  deployed: Deployed<S>;
  any: Any<S>;
}

/** trained: what the engines run. deployed: what the compiler emits. any: either. */
export type OperatorSet = keyof Sets<Size>;
/** The name of an operator of a set. */
export type OperatorName<Set extends OperatorSet = "any"> = keyof Sets<Size>[Set];

/** A node of one operator. */
export type NodeOf<
  Name extends OperatorName<Set>,
  Set extends OperatorSet = "any",
  S extends Size = Size,
> = Sets<S>[Set][Name] & {
  readonly op: Name;
  /** Unique in its graph. */
  readonly name: string;
};

/** A node of any operator of a set. */
export type Node<Set extends OperatorSet = "any", S extends Size = Size> = {
  [Name in OperatorName<Set>]: NodeOf<Name, Set, S>;
}[OperatorName<Set>];
