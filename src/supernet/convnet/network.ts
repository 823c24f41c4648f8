/** A convnet's elastic graph: stem, stages, head, classifier. Every size that an architecture chooses is read through the space's parts. */
import { graphBuilder } from "../../graph/builder.js";
import type { ElasticGraph } from "../../graph/graph.js";
import type { Part } from "../../space/choices.js";
import type { SearchSpace } from "../../space/space.js";
import { valuesOfChoice, type Elastic, type Width } from "../elastic.js";
import { roundToDivisor } from "../rounding.js";
import type { ConvnetData } from "./schema.js";
import { appendStage } from "./stage.js";

export function buildNetwork({ data, parts }: SearchSpace<ConvnetData>, elastic: Elastic): ElasticGraph {
  const builder = graphBuilder(data.name, data.channels);
  // In the order of partsOf.
  const [, stemPart, ...rest] = parts;
  const [headPart, mixPart] = rest.slice(data.stages.length);
  const widthOf = (name: string, part: Part | undefined): Width => {
    const { values, read } = valuesOfChoice(part!.once[0]!);
    return elastic.width(name, values, read);
  };

  let width = widthOf("stem", stemPart);
  const { kernel, stride, activation } = data.stem;
  let x = builder.conv("stem.conv", builder.input, { out: width.channels, kernel, stride });
  x = builder.activation("stem.activation", builder.batchNorm("stem.norm", x), activation);
  const { head, divisor } = data;
  for (const [i, stage] of data.stages.entries()) {
    ({ x, width } = appendStage({ builder, elastic, divisor, stage, part: rest[i]! }, x, width));
  }
  const { channels } = Array.isArray(head.width)
    ? widthOf("head", headPart)
    : multipleOf(width, head.width.expand, divisor, elastic);
  x = builder.conv("head.conv", x, { out: channels });
  x = builder.activation("head.activation", builder.batchNorm("head.norm", x), head.activation);
  x = builder.globalAveragePool("head.pool", x);
  if (head.mix) {
    x = builder.conv("head.mix", x, { out: widthOf("mix", mixPart).channels });
    if (head.mix.batchNorm) x = builder.batchNorm("head.mix.norm", x);
    x = builder.activation("head.mix.activation", x, head.mix.activation);
  }
  x = builder.dropout("head.dropout", builder.flatten("head.flatten", x));
  return builder.build([builder.dense("classifier", x, data.classes)]);
}

/** The head's channels as a multiple of the last stage's. */
function multipleOf(last: Width, expand: number, divisor: number, elastic: Elastic): Width {
  const multiple = (width: number): number => roundToDivisor(Math.round(width * expand), divisor);
  return elastic.width("head", last.values.map(multiple), (architecture) => multiple(last.read(architecture)));
}
