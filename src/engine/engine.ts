/** What every engine offers: plain graphs run forward and backward on float32 arrays, NHWC. Awaited, since a GPU's results come when they come. */
import type { PlainGraph } from "../graph/graph.js";

/** What `--engine` and `TrainOptions.engine` take. */
export type EngineName = "wasm" | "node" | "node-gpu" | "webgpu";

/** Arrays by parameter name, in the parameter's shape and row-major order. */
export type Arrays = ReadonlyMap<string, Float32Array>;

export interface ProgramSize {
  /** Images at once. */
  readonly batch: number;
  /** Height = width in pixels. */
  readonly resolution: number;
}

/** A graph made ready for one size. Masked and sliced execution differ only in the graph and the weights given. */
export interface Program {
  /**
   * @param images [batch, resolution, resolution, channels]
   * @param dropout factors [batch, channels] for the graph's dropout; the identity without it
   * @returns logits [batch, classes], a copy
   */
  forward(weights: Arrays, images: Float32Array, dropout?: Float32Array): Promise<Float32Array>;
  /** Of the last forward, before any other program ran: d loss / d parameter by name, valid until the engine is called again. */
  backward(gradientOfLogits: Float32Array): Promise<Arrays>;
  dispose(): void;
}

export interface Engine {
  readonly name: EngineName;
  /** What decides results beyond the name: build, library, version. */
  readonly description: string;
  /** Makes a graph ready: a slice, or the supernet at its maxima. Cheap enough for every step. */
  compile(graph: PlainGraph<"trained">, size: ProgramSize): Program;
  dispose(): void;
}
