/** What classes are called, and what is said of them: by their layers, in the field's words where it has some. */
import type { Step } from "./network.js";
import { localName } from "./shape.js";
import { isUnit, type Unit } from "./units.js";

/** By the layers of a block's branch, in order. */
const names: Readonly<Record<string, string>> = {
  conv: "PointwiseConv",
  "conv k×k": "FullConv",
  "depthwise pointwise": "DepthwiseSeparable",
  "expand depthwise project": "InvertedBottleneck",
  "expand k×k project": "FusedInvertedBottleneck",
  // MobileNetV4's words for its universal inverted bottleneck (arXiv 2404.10518).
  "start expand depthwise project": "ExtraDepthwise",
  "start expand project": "ConvNext",
  "expand project": "FeedForward",
};

/** `ResidualInvertedBottleneckSE`: what is added, the layers, squeeze-and-excite. */
export function nameOf(unit: Unit): string {
  if (unit.path.endsWith(".se")) return "SqueezeExcite";
  if (!unit.path.startsWith("stages.")) return pascal(unit.path);
  const branch = layersOf(unit).filter((name) => !name.startsWith("shortcut"));
  const base = names[branch.join(" ")] ?? pascal(branch.map((name) => name.split(" ")[0]!).join(" "));
  return `${prefixOf(unit)}${base}${unit.parts.some(isUnit) ? "SE" : ""}`;
}

/** What is added to the branch: its own input, or a shortcut with layers of its own. */
function prefixOf({ parts }: Unit): string {
  if (!parts.some((part) => !isUnit(part) && part.op === "add")) return "";
  return parts.some(({ path }) => path.includes(".shortcut.")) ? "Shortcut" : "Residual";
}

/** In order, with the kernel of a layer that is no 1×1 conv. */
const layersOf = (unit: Unit): string[] =>
  unit.parts
    .filter((part): part is Step & { op: "layer" } => !isUnit(part) && part.op === "layer")
    .map(({ name, layer }) => {
      const isLarge = layer.kind === "conv" && !layer.isDepthwise && layer.kernel > 1;
      return `${localName(unit, name)}${isLarge ? " k×k" : ""}`;
    });

const pascal = (words: string): string =>
  words.replaceAll(/(?:^|[ _-])([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** One line. */
export function documentationOf(unit: Unit): string {
  const parts = unit.parts.flatMap((part): string[] => {
    if (isUnit(part)) return ["squeeze-and-excite"];
    if (part.path.includes(".shortcut.")) return [];
    switch (part.op) {
      case "layer": {
        const name = localName(unit, part.name);
        if (part.layer.kind === "linear") return [name];
        return [`${name} ${part.layer.isDepthwise || part.layer.kernel > 1 ? "k×k" : "1×1"}`];
      }
      case "averagePool":
      case "globalAveragePool":
        return ["average of all pixels"];
      case "multiply":
        return ["times x"];
      case "add":
        return [prefixOf(unit) === "Residual" ? "plus x" : "plus a shortcut"];
      case "flatten":
      case "activation":
        return [];
    }
  });
  return `${parts.join(", ")}.`.replace(/^./, (first) => first.toUpperCase());
}
