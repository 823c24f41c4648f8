/** What a convnet chooses, part by part: input, stem, stages, head and the head's second layer. */
import { expand, kernel, type BlockChoice } from "../blocks/block.js";
import { blockOf } from "../blocks/blocks.js";
import type { Choice, Part } from "../../space/choices.js";
import { listedBy, type ConvnetData, type StageData } from "./schema.js";

const widthAt = (path: Choice["path"], values: readonly number[]): Choice => ({
  name: "width",
  dimension: "width",
  path,
  values,
});

/** In the order in which architectures are drawn; ids depend on it. */
export function partsOf({ resolutions, stem, stages, head }: ConvnetData): readonly Part[] {
  const resolution: Choice = { name: "resolution", dimension: "resolution", path: ["resolution"], values: resolutions };
  const layer = { block: "conv", depth: "1", kernel: "1", stride: "1" };
  const follows = Array.isArray(head.width) ? undefined : head.width;
  return [
    { name: "input", once: [resolution] },
    {
      name: "stem",
      once: [widthAt(["stem"], stem.width)],
      facts: { ...layer, kernel: `${stem.kernel}`, stride: `${stem.stride}`, activation: stem.activation },
    },
    ...stages.map(stagePart),
    {
      name: "head",
      once: Array.isArray(head.width) ? [widthAt(["head"], head.width)] : [],
      facts: { ...layer, activation: head.activation, ...(follows && { width: `× ${follows.expand}` }) },
    },
    ...(head.mix
      ? [
          {
            name: "mix",
            once: [widthAt(["mix"], head.mix.width)],
            facts: { ...layer, activation: head.mix.activation },
          },
        ]
      : []),
  ];
}

/** What each block of a stage chooses: kernel and expand ratio in every stage, and the kind's own. */
const choicesOfBlocks = ({ block }: StageData): readonly BlockChoice[] => [
  ...new Set([kernel, expand, ...blockOf(block).chooses]),
];

function stagePart(stage: StageData, index: number): Part {
  const at = (key: string): Choice["path"] => ["stages", index, key];
  return {
    name: stage.name,
    once: [widthAt(at("width"), stage.width)],
    blocks: {
      depth: { name: "depth", dimension: "depth", path: at("depth"), values: stage.depth },
      each: choicesOfBlocks(stage).map(({ field, list, dimension }) => ({
        name: field,
        dimension,
        path: at(list),
        values: listedBy(stage, field),
      })),
      per: stage.choicesPer,
    },
    facts: {
      block: stage.block,
      stride: `${stage.stride}`,
      activation: stage.activation,
      "SE of": stage.squeezeExcite?.base ?? "-",
      "choice per": stage.choicesPer,
    },
  };
}
