/** The programs of a plain graph: forward, and forward and backward in one. */
import type { PlainGraph } from "../../../graph/graph.js";
import { layoutOf } from "../../../graph/layout.js";
import type { ProgramSize } from "../../engine.js";
import type { StableProgram } from "../stablehlo/program.js";
import { stableWriter, type Tensor } from "../stablehlo/writer.js";
import type { Lowering } from "./lowering.js";
import { packed, unpacked } from "./flat.js";
import { forwardPass, type Pass } from "./pass.js";

export interface PlainPrograms {
  /** (weights, images[, dropout factors]) → logits */
  readonly forward: () => StableProgram;
  /** (weights, images[, dropout factors], gradient of the logits) → gradients, flat */
  readonly backward: () => StableProgram;
}

/** @param features that dropout drops by factors; 0: none */
export function plainPrograms(
  graph: PlainGraph<"trained">,
  { batch, resolution }: ProgramSize,
  { lowering, features }: { readonly lowering: Lowering; readonly features: number },
): PlainPrograms {
  const layout = layoutOf(graph);
  const begin = () => {
    const w = stableWriter(lowering.precision);
    const weights = w.input("f32", [layout.length]);
    const images = w.input("f32", [batch, resolution, resolution, graph.input.channels]);
    const dropout: Tensor | undefined = features > 0 ? w.input("f32", [batch, features]) : undefined;
    const parameters = unpacked(w, layout, weights);
    const pass: Pass = forwardPass(w, graph, lowering.backend, { images, parameters, dropout });
    return { w, pass };
  };
  return {
    forward() {
      const { w, pass } = begin();
      return w.program("forward", [pass.logits]);
    },
    backward() {
      const { w, pass } = begin();
      const gradient = w.input("f32", pass.logits.type.shape);
      return w.program("backward", [packed(w, layout, pass.backward(gradient))]);
    },
  };
}
