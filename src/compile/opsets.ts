/**
 * The opsets (versions of ONNX's operators) that a file can be written in. From 11 on each operator that ships (Conv, Gemm, Relu, Clip,
 * Sigmoid, HardSigmoid, Mul, Add, AveragePool, GlobalAveragePool, Flatten) means the same: what changed are types and attributes that no file
 * has. Below 11, Clip has its bounds elsewhere; above 26, onnxruntime 1.30 refuses the file.
 */
import { UserError } from "../base/user-error.js";

interface Opset {
  /** IR version of the ONNX release that brought it: an old runtime refuses a newer one, whatever the file's operators. */
  readonly ir: number;
  /** The oldest onnxruntime that loads the file: tried from 1.10 on; before, by its table of versions. */
  readonly onnxruntime: string;
}

const table: Readonly<Record<number, Opset>> = {
  11: { ir: 6, onnxruntime: "1.0" },
  12: { ir: 7, onnxruntime: "1.3" },
  13: { ir: 7, onnxruntime: "1.6" },
  14: { ir: 7, onnxruntime: "1.8" },
  15: { ir: 8, onnxruntime: "1.10" },
  16: { ir: 8, onnxruntime: "1.11" },
  17: { ir: 8, onnxruntime: "1.12" },
  18: { ir: 8, onnxruntime: "1.14" },
  19: { ir: 9, onnxruntime: "1.16" },
  20: { ir: 9, onnxruntime: "1.17" },
  21: { ir: 10, onnxruntime: "1.18" },
  22: { ir: 10, onnxruntime: "1.21" },
  23: { ir: 11, onnxruntime: "1.23" },
  24: { ir: 12, onnxruntime: "1.24" },
  25: { ir: 13, onnxruntime: "1.24" },
  26: { ir: 13, onnxruntime: "1.25" },
};

/** The oldest first. */
export const opsets: readonly number[] = Object.keys(table).map(Number);
export const [oldestOpset, newestOpset] = [opsets[0]!, opsets.at(-1)!];

/** The newest one that Debian 12, Ascend's CANN and OpenCV 4.6 read too. */
export const defaultOpset = 17;

/**
 * @param oldest the oldest that has the file's operators
 * @throws UserError `compile/opset` where no file is written in it
 */
export function checkOpset(opset: number, oldest = oldestOpset): void {
  if (table[opset] && opset >= oldest) return;
  throw new UserError("compile/opset", {
    at: "the opset",
    got: opset,
    want: `one from ${oldest} to ${newestOpset}`,
    fix: `Use ${defaultOpset}, or the newest one that your runtime loads.`,
  });
}

/** A row of the table. */
export function opsetRow(opset: number): Opset {
  const row = table[opset];
  if (!row) throw new Error(`internal: no opset ${opset}`);
  return row;
}
