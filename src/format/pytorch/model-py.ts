/** A child as Python: a module of torch.nn alone, one class for each kind of block that it has, and its weights by the names of its layers. */
import type { Tensors } from "../../checkpoint/safetensors.js";
import { classesOf, type Classes } from "./classes.js";
import type { Network, TorchFunction } from "./network.js";
import { localName } from "./shape.js";
import { isUnit, type Unit } from "./units.js";

export interface PytorchModel {
  readonly code: string;
  /** By parameter of the code's `Network`, in its order. */
  readonly weights: Tensors;
}

/** @param says the first line of the module's docstring */
export function pytorchModel(network: Network, says: string): PytorchModel {
  const classes = classesOf(network);
  const functions = network.steps.map((step) => step.op === "activation" && step.function);
  const code = [
    headOf(says),
    ...(functions.includes("hard_sigmoid_of_slope_1_5" satisfies TorchFunction) ? [hardSigmoid] : []),
    ...classes.definitions,
    networkClass(classes),
    load,
  ];
  const weights = classes.units.flatMap((unit) => parametersOf(unit, placeOf(unit)));
  return {
    code: `${code.join("\n\n\n")}\n`,
    weights: new Map(weights.map(({ name, inFile }) => [name, network.weights.get(inFile)!])),
  };
}

const headOf = (says: string): string => `"""${says}

Batch norm is folded into the layers before it. x: [images, channels, height, width].
"""
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F`;

const hardSigmoid = `def hard_sigmoid_of_slope_1_5(x):
    """ONNX's HardSigmoid as it is by default; the layers before it are scaled to match. F.hardsigmoid has a slope of 1/6."""
    return (0.2 * x + 0.5).clamp(0, 1)`;

const load = `def load(path=Path(__file__).resolve().with_name("weights.safetensors")):
    """The network with its weights, set to classify; network.train() sets it to train."""
    from safetensors.torch import load_file

    network = Network()
    network.load_state_dict(load_file(path))
    return network.eval()`;

/** Where a unit is in \`Network\`: \`stage_mb1.0\`. Stages have names that a module may not take. */
const placeOf = ({ path }: Unit): string => {
  const [, stage, block] = /^stages\.([^.]+)\.(\d+)$/.exec(path) ?? [];
  return stage === undefined ? path.replaceAll("-", "_") : `stage_${stage.replaceAll("-", "_")}.${block!}`;
};

function networkClass(classes: Classes): string {
  const { units } = classes;
  const members = new Map<string, string[]>();
  for (const unit of units) {
    const [member] = placeOf(unit).split(".") as [string];
    members.set(member, [...(members.get(member) ?? []), classes.callOf(unit)]);
  }
  const lines = [...members].flatMap(([member, calls]) =>
    member.startsWith("stage_")
      ? [`self.${member} = nn.Sequential(`, ...calls.map((call) => `    ${call},`), ")"]
      : [`self.${member} = ${calls[0]!}`],
  );
  const names = [...members.keys()];
  return [
    "class Network(nn.Module):",
    '    """pixel_values [images, channels, height, width] -> logits [images, classes]."""',
    "",
    "    def __init__(self):",
    "        super().__init__()",
    ...lines.map((line) => `        ${line}`),
    "",
    "    def forward(self, pixel_values):",
    ...names.map((name, i) => {
      const call = `self.${name}(${i === 0 ? "pixel_values" : "x"})`;
      return `        ${i === names.length - 1 ? "return" : "x ="} ${call}`;
    }),
  ].join("\n");
}

/** The parameters of a unit's layers: as the code names them, and as the file does. */
function parametersOf(unit: Unit, place: string): { readonly name: string; readonly inFile: string }[] {
  return unit.parts.flatMap((part) => {
    if (isUnit(part)) return parametersOf(part, `${place}.${localName(unit, part.path)}`);
    if (part.op !== "layer") return [];
    const local = localName(unit, part.name);
    return ["weight", ...(part.hasBias ? ["bias"] : [])].map((kind) => ({
      name: [place, ...(local === "" ? [] : [local]), kind].join("."),
      inFile: `${part.name}.${kind}`,
    }));
  });
}
