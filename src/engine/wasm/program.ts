/** A graph as two lists of kernel calls, forward and backward, over planned memory. */
import { nodesOf, parametersOf, type PlainGraph } from "../../graph/graph.js";
import { inferExtents } from "../../graph/shapes.js";
import { elementsOf, type Value } from "../../graph/values.js";
import type { Arrays, Program, ProgramSize } from "../engine.js";
import type { Arena } from "./arena.js";
import { fuse } from "./fuse.js";
import { memoryPlan, type Buffer } from "./memory-plan.js";
import { planBackward, planForward } from "./operators.js";
import { callsInto } from "./plan/call.js";
import type { Context } from "./plan/context.js";

export function compileProgram(
  arena: Arena,
  graph: PlainGraph<"trained">,
  { batch, resolution }: ProgramSize,
): Program {
  const plan = memoryPlan();
  const extents = inferExtents(graph, resolution);
  const parameters = parametersOf(graph);
  const whole = (): Map<string, Buffer> =>
    new Map(parameters.map((parameter) => [parameter.name, plan.buffer(elementsOf(parameter), "whole")]));
  const weights = whole();
  const gradients = whole();
  const values = new Map<string, Buffer>();

  const extent = (value: Value): number => {
    const size = extents.get(value.name);
    return typeof size === "number" ? size : 1;
  };
  const rows = (value: Value<number>): number => batch * extent(value) ** 2;
  const channels = (value: Value<number>): number => value.channels;
  const find = (map: ReadonlyMap<string, Buffer>, { name }: { name: string }): Buffer => {
    const buffer = map.get(name);
    if (!buffer) throw new Error(`internal: no memory for ${name}`);
    return buffer;
  };
  const logits = graph.outputs[0]!;
  const context: Context = {
    plan,
    call: callsInto(plan, arena.kernels),
    batch,
    arena,
    dropout: plan.buffer(
      rows(logits) * Math.max(1, ...nodesOf(graph, "dropout").map(({ in: { x } }) => channels(x))),
      "whole",
    ),
    channels,
    extent,
    count: (value) => rows(value) * channels(value),
    rows,
    value(value) {
      let buffer = values.get(value.name);
      if (!buffer) values.set(value.name, (buffer = plan.buffer(rows(value) * channels(value))));
      return buffer;
    },
    parameter: (parameter) => find(weights, parameter),
    gradientOf: (parameter) => find(gradients, parameter),
  };

  const steps = fuse(graph);
  const image = plan.buffer(context.count(graph.input), "whole");
  values.set(graph.input.name, image);
  const result = plan.buffer(context.count(logits), "whole");
  values.set(logits.name, result);
  const saved = planForward(context, steps);
  const forwardSteps = plan.length;
  const gradientOfLogits = plan.buffer(context.count(logits), "whole");
  planBackward(context, steps, saved, graph.input, new Map([[logits.name, gradientOfLogits]]));
  const { end, steps: calls } = plan.layOut(arena.base);

  const at = ({ address }: Buffer): number => address / 4;
  return {
    async forward(given, images, dropout) {
      if (images.length !== context.count(graph.input)) {
        throw new Error(`internal: ${images.length} floats of images instead of ${context.count(graph.input)}`);
      }
      const floats = arena.reserve(end);
      for (const [name, buffer] of weights) floats.set(arrayOf(given, name), at(buffer));
      floats.set(images, at(image));
      if (dropout) floats.set(dropout, at(context.dropout));
      else floats.fill(1, at(context.dropout), at(context.dropout) + context.dropout.bytes / 4);
      for (let i = 0; i < forwardSteps; i++) calls[i]!();
      return floats.slice(at(result), at(result) + context.count(logits));
    },
    async backward(gradient) {
      const floats = arena.floats();
      floats.set(gradient, at(gradientOfLogits));
      for (const buffer of gradients.values()) floats.fill(0, at(buffer), at(buffer) + buffer.bytes / 4);
      for (let i = forwardSteps; i < calls.length; i++) calls[i]!();
      return new Map(
        parameters.map((parameter) => {
          const from = at(gradients.get(parameter.name)!);
          return [parameter.name, floats.subarray(from, from + elementsOf(parameter))];
        }),
      );
    },
    dispose: () => undefined,
  };
}

function arrayOf(arrays: Arrays, name: string): Float32Array {
  const array = arrays.get(name);
  if (!array) throw new Error(`internal: no array for ${name}`);
  return array;
}
