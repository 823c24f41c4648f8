/** One forward and backward pass over a graph, written as operations. XLA decides what stays in memory and what is computed again. */
import { rowOf, valuesOutOf, type PlainGraph } from "../../../graph/graph.js";
import { valuesOfInputAlone } from "../../../graph/rewrite.js";
import type { NodeOf, OperatorName } from "../../../graph/operators.js";
import type { Parameter, Value } from "../../../graph/values.js";
import type { StableWriter, Tensor } from "../stablehlo/writer.js";
import type { Backend } from "./lowering.js";
import { rows, type Normalised, type Tape } from "./operators.js";

export interface PassInputs {
  /** [batch, resolution, resolution, channels] */
  readonly images: Tensor;
  /** By name, each in its shape. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** [batch, features], factors. */
  readonly dropout?: Tensor | undefined;
}

export interface Pass {
  /** [batch, classes] */
  readonly logits: Tensor;
  /** @returns gradients by the parameters' names, given that of the logits */
  backward(gradient: Tensor): ReadonlyMap<string, Tensor>;
}

const forwardOf = <Name extends OperatorName<"trained">>(tape: Tape, node: NodeOf<Name, "trained", number>): void =>
  rowOf(rows, node).forward(tape, node);

const backwardOf = <Name extends OperatorName<"trained">>(tape: Tape, node: NodeOf<Name, "trained", number>): void =>
  rowOf(rows, node).backward(tape, node);

export function forwardPass(
  w: StableWriter,
  graph: PlainGraph<"trained">,
  backend: Backend,
  { images, parameters, dropout }: PassInputs,
): Pass {
  const values = new Map<string, Tensor>([[graph.input.name, images]]);
  const gradients = new Map<string, Tensor>();
  /** Values whose gradients nothing needs. */
  const unneeded = valuesOfInputAlone(graph);
  const tape: Tape = {
    ...{ w, backend, dropout },
    normalised: new Map<string, Normalised>(),
    value: ({ name }: Value) => found(values, name),
    parameter: ({ name }: Parameter) => found(parameters, name),
    setValue: ({ name }, tensor) => values.set(name, tensor),
    gradient: ({ name }) => found(gradients, name),
    addGradient({ name }, tensor) {
      if (unneeded.has(name)) return;
      const before = gradients.get(name);
      gradients.set(name, before ? w.add(before, tensor()) : tensor());
    },
  };
  for (const node of graph.nodes) forwardOf(tape, node);
  const logits = graph.outputs[0]!;
  return {
    logits: tape.value(logits),
    backward(gradient) {
      tape.addGradient(logits, () => gradient);
      for (const node of graph.nodes.toReversed()) {
        if (!valuesOutOf(node).every(({ name }) => unneeded.has(name))) backwardOf(tape, node);
      }
      return gradients;
    },
  };
}

function found(tensors: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`internal: no tensor for ${name}`);
  return tensor;
}
