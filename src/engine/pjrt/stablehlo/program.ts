/** What a program is to whoever compiles and runs it. */
export type ElementType = "f32" | "i32" | "ui8" | "i1";
export interface TensorType {
  readonly element: ElementType;
  readonly shape: readonly number[];
}
/** A program in StableHLO's text, with its signature. */
export interface StableProgram {
  readonly name: string;
  readonly text: string;
  readonly inputs: readonly TensorType[];
  readonly outputs: readonly TensorType[];
  /** Inputs whose memory an output takes over: their buffers can't be used afterwards. */
  readonly donated: readonly number[];
}
