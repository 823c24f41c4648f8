/** Plans a graph for one size: its kernel calls, forward and backward, and where everything lies in memory. */
import { nodesOf, parametersOf, type PlainGraph } from "../../graph/graph.js";
import { valuesOfInputAlone } from "../../graph/rewrite.js";
import { inferExtents } from "../../graph/shapes.js";
import { elementsOf, type Value } from "../../graph/values.js";
import type { ProgramSize } from "../engine.js";
import type { Arena } from "./arena.js";
import { fuse } from "./fuse.js";
import { memoryPlan, type Buffer } from "./memory-plan.js";
import { planBackward, planForward } from "./operators.js";
import { callsInto } from "./plan/call.js";
import type { Context } from "./plan/context.js";

/** Buffers have their addresses. */
export interface ProgramPlan {
  readonly forward: readonly (() => void)[];
  readonly backward: readonly (() => void)[];
  /** Bytes of memory that the calls need, from address 0. */
  readonly end: number;
  readonly image: Buffer;
  /** Floats of a batch of images. */
  readonly imageCount: number;
  readonly logits: Buffer;
  readonly logitCount: number;
  readonly gradientOfLogits: Buffer;
  /** One factor for each feature; 1 where nothing is dropped. */
  readonly dropout: Buffer;
  /** By parameter name. */
  readonly weights: ReadonlyMap<string, Buffer>;
  readonly gradients: ReadonlyMap<string, Buffer>;
}

export function planProgram(arena: Arena, graph: PlainGraph<"trained">, size: ProgramSize): ProgramPlan {
  const { context, values, weights, gradients } = contextOf(arena, graph, size);
  const { plan, dropout } = context;
  const whole = (value: Value<number>): Buffer => plan.buffer(context.count(value), "whole");
  const output = graph.outputs[0]!;
  const steps = fuse(graph);
  const image = whole(graph.input);
  values.set(graph.input.name, image);
  const logits = whole(output);
  values.set(output.name, logits);
  const saved = planForward(context, steps);
  const forwardCalls = plan.length;
  const gradientOfLogits = whole(output);
  planBackward(context, steps, saved, valuesOfInputAlone(graph), new Map([[output.name, gradientOfLogits]]));
  const { end, steps: calls } = plan.layOut(arena.base);
  const [forward, backward] = [calls.slice(0, forwardCalls), calls.slice(forwardCalls)];
  const [imageCount, logitCount] = [context.count(graph.input), context.count(output)];
  return {
    forward,
    backward,
    end,
    image,
    imageCount,
    logits,
    logitCount,
    gradientOfLogits,
    dropout,
    weights,
    gradients,
  };
}

/** What the rows of operators plan with. `values` fills up while they do. */
function contextOf(arena: Arena, graph: PlainGraph<"trained">, { batch, resolution }: ProgramSize) {
  const plan = memoryPlan();
  const extents = inferExtents(graph, resolution);
  const parameters = parametersOf(graph);
  const forParameters = (): Map<string, Buffer> =>
    new Map(parameters.map((parameter) => [parameter.name, plan.buffer(elementsOf(parameter), "whole")]));
  const weights = forParameters();
  const gradients = forParameters();
  const values = new Map<string, Buffer>();

  const extent = (value: Value): number => {
    const size = extents.get(value.name);
    return typeof size === "number" ? size : 1;
  };
  const rows = (value: Value<number>): number => batch * extent(value) ** 2;
  const count = (value: Value<number>): number => rows(value) * value.channels;
  const dropped = Math.max(1, ...nodesOf(graph, "dropout").map(({ in: { x } }) => x.channels));
  const context: Context = {
    plan,
    call: callsInto(plan, arena.kernels),
    batch,
    arena,
    dropout: plan.buffer(rows(graph.outputs[0]!) * dropped, "whole"),
    channels: (value) => value.channels,
    extent,
    count,
    rows,
    value(value) {
      let buffer = values.get(value.name);
      if (!buffer) values.set(value.name, (buffer = plan.buffer(count(value))));
      return buffer;
    },
    parameter: (parameter) => bufferOf(weights, parameter),
    gradientOf: (parameter) => bufferOf(gradients, parameter),
  };
  return { context, values, weights, gradients };
}

function bufferOf(buffers: ReadonlyMap<string, Buffer>, { name }: { readonly name: string }): Buffer {
  const buffer = buffers.get(name);
  if (!buffer) throw new Error(`internal: no memory for ${name}`);
  return buffer;
}
