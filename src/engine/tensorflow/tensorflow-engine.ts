/**
 * Interprets graphs on TensorFlow.js: one engine for all of its backends. The backward pass is written out operator by
 * operator; it does not use TensorFlow.js's tape, which keeps every intermediate result and calls composed gradients.
 */
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import { parametersOf, rowOf, valuesOutOf, type PlainGraph } from "../../graph/graph.js";
import type { Node, NodeOf, OperatorName } from "../../graph/operators.js";
import type { Parameter, Value } from "../../graph/values.js";
import type { Arrays, Engine, Program, ProgramSize } from "../engine.js";
import type { BackendKernels, TF } from "./backend.js";
import { rows, type Tape } from "./operators.js";

/** @param tf TensorFlow.js with its backend chosen and ready */
export function createTensorflowEngine(
  tf: TF,
  kernels: BackendKernels,
  { name, description }: Pick<Engine, "name" | "description">,
): Engine {
  return {
    name,
    description,
    compile: (graph, size) => interpret(tf, kernels, graph, size),
    dispose: () => undefined,
  };
}

function interpret(
  tf: TF,
  kernels: BackendKernels,
  graph: PlainGraph<"trained">,
  { batch, resolution }: ProgramSize,
): Program {
  const parameters = parametersOf(graph);
  const logits = graph.outputs[0]!;
  let pass: Pass | undefined;
  const end = (): void => {
    pass?.end();
    pass = undefined;
  };
  return {
    async forward(weights, images, dropout) {
      end();
      const shape = [batch, resolution, resolution, graph.input.channels];
      const now = (pass = new Pass(tf, kernels, graph.input));
      now.start(
        tf.tensor(images, shape),
        parameters,
        weights,
        dropout && tf.tensor2d(dropout, [batch, dropout.length / batch]),
      );
      for (const node of graph.nodes) now.forward(node);
      return Float32Array.from(await now.value(logits).data<"float32">());
    },
    async backward(gradient) {
      if (!pass) throw new Error("internal: backward without a forward");
      const now = pass;
      now.addGradient(logits, () => tf.tensor2d(gradient, [batch, gradient.length / batch]));
      for (const node of [...graph.nodes].reverse()) now.backward(node);
      // Start all reads together, so that their transfers overlap.
      const gradients = await Promise.all(
        parameters.map(async (parameter) => [parameter.name, await now.gradient(parameter).data<"float32">()] as const),
      );
      end();
      return new Map(gradients);
    },
    dispose: end,
  };
}

const forward = <Name extends OperatorName<"trained">>(tape: Tape, node: NodeOf<Name, "trained", number>): void =>
  rowOf(rows, node).forward(tape, node);

const backward = <Name extends OperatorName<"trained">>(tape: Tape, node: NodeOf<Name, "trained", number>): void =>
  rowOf(rows, node).backward(tape, node);

/** Manages all tensors of one forward and backward pass: each is freed once the last node that reads it has run. */
class Pass implements Tape {
  readonly normGradients: Tape["normGradients"] = new Map();
  dropout: Tensor2D | undefined;
  private readonly values = new Map<string, Tensor>();
  private readonly weights = new Map<string, Tensor>();
  private readonly gradients = new Map<string, Tensor>();
  /** Outputs by the node's name, including those that no node made. */
  private readonly kept = new Map<string, Tensor[]>();
  private keptNow: Tensor[] = [];

  constructor(
    readonly tf: TF,
    readonly kernels: BackendKernels,
    private readonly input: Value<number>,
  ) {}

  start(
    images: Tensor,
    parameters: readonly Parameter<number>[],
    weights: Arrays,
    dropout: Tensor2D | undefined,
  ): void {
    this.keepFor("");
    this.setValue(this.input, images);
    for (const { name, shape } of parameters) {
      const tensor = this.tf.tensor(weights.get(name)!, [...shape]);
      this.keep([tensor]);
      this.weights.set(name, tensor);
    }
    if (dropout) this.keep([dropout]);
    this.dropout = dropout;
  }

  forward(node: Node<"trained", number>): void {
    this.keepFor(node.name);
    this.tf.tidy(() => forward(this, node));
  }

  /**
   * Then frees the node's output and the output's gradient: a step needs half the memory, and more of it is in the
   * cache.
   */
  backward(node: Node<"trained", number>): void {
    this.tf.tidy(() => backward(this, node));
    this.tf.dispose(this.kept.get(node.name)!);
    this.kept.delete(node.name);
    for (const { name } of valuesOutOf(node)) {
      this.gradients.get(name)?.dispose();
      this.gradients.delete(name);
    }
  }

  value(value: Value): Tensor {
    return found(this.values, value.name);
  }

  parameter(parameter: Parameter): Tensor {
    return found(this.weights, parameter.name);
  }

  gradient(of: Value | Parameter): Tensor {
    return found(this.gradients, of.name);
  }

  setValue(value: Value, tensor: Tensor): void {
    this.keep([tensor]);
    this.values.set(value.name, tensor);
  }

  keep(tensors: readonly Tensor[]): void {
    for (const tensor of tensors) this.keptNow.push(this.tf.keep(tensor));
  }

  addGradient(to: Value | Parameter, tensor: () => Tensor): void {
    // The images' gradient is not needed.
    if (to.name === this.input.name) return;
    const before = this.gradients.get(to.name);
    this.gradients.set(to.name, this.tf.keep(before ? this.tf.add(before, tensor()) : tensor()));
    before?.dispose();
  }

  end(): void {
    this.tf.dispose([...this.kept.values()].flat());
    this.tf.dispose([...this.gradients.values()]);
  }

  private keepFor(name: string): void {
    this.keptNow = [];
    this.kept.set(name, this.keptNow);
  }
}

function found(tensors: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`internal: no tensor for ${name}`);
  return tensor;
}
