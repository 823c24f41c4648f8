/** Whether the judges have PyTorch, which `npm run judges` installs where its build for the CPU is to be had, and what builds on it. */
import { hasModules } from "../judges/has-modules.js";

const hasTorch = hasModules("torch", "safetensors");

/** Put into a test's name where it is skipped. */
export const withoutTorch = hasTorch ? "" : " (skipped: the judges have no PyTorch)";

/** Hugging Face's optimum computes by onnxruntime, and takes and gives tensors of PyTorch. */
export const withoutOptimum =
  hasTorch && hasModules("optimum.onnxruntime", "transformers")
    ? ""
    : " (skipped: the judges have no optimum or no PyTorch; run npm run judges)";

/** LiteRT's converter and interpreter. */
export const withoutLitert =
  hasTorch && hasModules("litert_torch", "ai_edge_litert")
    ? ""
    : " (skipped: the judges have no LiteRT; run npm run judges -- --litert)";
