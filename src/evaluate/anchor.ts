/**
 * The anchor: one small fixed model that is timed in every round beside the candidates. What changes its time is the machine, so
 * dividing by it takes the machine's drift out of theirs.
 */
import { random } from "../base/random.js";
import { emit } from "../compile/emit.js";
import { graphBuilder } from "../graph/builder.js";
import { maximumOf, parametersOf } from "../graph/graph.js";

export const ANCHOR_SIZE = 28;

/** Four convolutions, about 6 MMACs; the same bytes everywhere. */
export function anchorModel(): Uint8Array {
  const builder = graphBuilder("anchor", 1);
  let x = builder.conv("a", builder.input, { out: 16, kernel: 3 });
  x = builder.activation("a.relu", x, "relu");
  x = builder.activation("b.relu", builder.conv("b", x, { out: 32, kernel: 3, stride: 2 }), "relu");
  x = builder.activation("c.relu", builder.depthwise("c", x, { kernel: 5 }), "relu");
  x = builder.activation("d.relu", builder.conv("d", x, { out: 64, kernel: 3 }), "relu");
  const graph = builder.build([builder.dense("e", builder.flatten("f", builder.globalAveragePool("g", x)), 10)]);
  const draw = random(0, "anchor");
  const weights = parametersOf(graph).map(({ name, shape }) => {
    const length = shape.reduce<number>((product, size) => product * maximumOf(size), 1);
    return [name, Float32Array.from({ length }, () => draw.normal() / 10)] as const;
  });
  return emit({ graph, weights: new Map(weights) }, { resolution: ANCHOR_SIZE, output: "logits" });
}
