/** Runs a planned graph over the engine's memory, forward and backward. */
import { parametersOf, type PlainGraph } from "../../graph/graph.js";
import { elementsOf } from "../../graph/values.js";
import type { Arrays, Program, ProgramSize } from "../engine.js";
import type { Arena } from "./arena.js";
import type { Buffer } from "./memory-plan.js";
import { planProgram } from "./plan-program.js";

export function compileProgram(arena: Arena, graph: PlainGraph<"trained">, size: ProgramSize): Program {
  const plan = planProgram(arena, graph, size);
  const parameters = parametersOf(graph);
  return {
    async forward(given, images, dropout) {
      if (images.length !== plan.imageCount) {
        throw new Error(`internal: ${images.length} floats of images instead of ${plan.imageCount}`);
      }
      const floats = arena.reserve(plan.end);
      for (const [name, buffer] of plan.weights) floats.set(arrayOf(given, name), startOf(buffer));
      floats.set(images, startOf(plan.image));
      if (dropout) floats.set(dropout, startOf(plan.dropout));
      else floats.fill(1, startOf(plan.dropout), endOf(plan.dropout));
      for (const call of plan.forward) call();
      return floats.slice(startOf(plan.logits), startOf(plan.logits) + plan.logitCount);
    },
    async backward(gradient) {
      const floats = arena.floats();
      floats.set(gradient, startOf(plan.gradientOfLogits));
      for (const buffer of plan.gradients.values()) floats.fill(0, startOf(buffer), endOf(buffer));
      for (const call of plan.backward) call();
      return new Map(
        parameters.map((parameter) => {
          const from = startOf(plan.gradients.get(parameter.name)!);
          return [parameter.name, floats.subarray(from, from + elementsOf(parameter))];
        }),
      );
    },
    dispose: () => undefined,
  };
}

/** In floats. */
const startOf = ({ address }: Buffer): number => address / 4;
const endOf = ({ address, bytes }: Buffer): number => (address + bytes) / 4;

function arrayOf(arrays: Arrays, name: string): Float32Array {
  const array = arrays.get(name);
  if (!array) throw new Error(`internal: no array for ${name}`);
  return array;
}
