/**
 * The interface of every engine: runs plain graphs forward and backward on float32 arrays, NHWC. Asynchronous, because
 * GPUs are.
 */
import type { PlainGraph } from "../graph/graph.js";
import type { ResidentOptions, ResidentSupernet } from "./resident.js";

/** The values of `--engine` and `TrainOptions.engine`. `pjrt:` takes the path of a plugin. */
export type EngineName = "wasm" | "node" | "node-gpu" | "webgpu" | "pjrt" | `pjrt:${string}`;

/**
 * How convolutions and products of matrices are made in training; weights, sums and all else are float32. tf32 rounds factors to 10 bits
 * of mantissa, bf16 factors and results to 7.
 */
export type TrainingPrecision = "float32" | "tf32" | "bf16";
export const trainingPrecisions: readonly TrainingPrecision[] = ["float32", "tf32", "bf16"];

/** Arrays by parameter name, in the parameter's shape and row-major order. */
export type Arrays = ReadonlyMap<string, Float32Array>;

export interface ProgramSize {
  /** Images per pass. */
  readonly batch: number;
  /** Height = width in pixels. */
  readonly resolution: number;
}

/** A graph prepared for one size. Masked and sliced execution differ only in the graph and the weights given. */
export interface Program {
  /**
   * @param images [batch, resolution, resolution, channels]
   * @param dropout factors [batch, channels] for the graph's dropout; the identity without it
   * @returns logits [batch, classes], a copy
   */
  forward(weights: Arrays, images: Float32Array, dropout?: Float32Array): Promise<Float32Array>;
  /**
   * Gradients of the last `forward`, d loss / d parameter by name. Call it before any other program runs; valid until
   * the next call.
   */
  backward(gradientOfLogits: Float32Array): Promise<Arrays>;
  dispose(): void;
}

export interface Engine {
  readonly name: EngineName;
  /** What decides results besides the name: build, library, version. */
  readonly description: string;
  /** Prepares a graph: a slice, or the supernet at its maximum sizes. Cheap enough to do in every step. */
  compile(graph: PlainGraph<"trained">, size: ProgramSize): Program;
  /** Puts a supernet on the engine's device, where it is trained; not of engines without a device. */
  resident?(options: ResidentOptions): ResidentSupernet;
  dispose(): void;
}
