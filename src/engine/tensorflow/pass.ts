/**
 * One forward and backward pass over a graph. The backward pass is written out operator by operator; it does not use TensorFlow.js's
 * tape, which keeps every intermediate result and calls composed gradients.
 */
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import { rowOf, valuesOutOf, type PlainGraph } from "../../graph/graph.js";
import { valuesOfInputAlone } from "../../graph/rewrite.js";
import type { Node, NodeOf, OperatorName } from "../../graph/operators.js";
import type { Parameter, Value } from "../../graph/values.js";
import type { BackendKernels, TF } from "./backend.js";
import { rows, type Tape } from "./operators.js";

const forwardOf = <Name extends OperatorName<"trained">>(tape: Tape, node: NodeOf<Name, "trained", number>): void =>
  rowOf(rows, node).forward(tape, node);

const backwardOf = <Name extends OperatorName<"trained">>(tape: Tape, node: NodeOf<Name, "trained", number>): void =>
  rowOf(rows, node).backward(tape, node);

/** Manages all tensors of one forward and backward pass: each is freed once the last node that reads it has run. */
export class Pass implements Tape {
  readonly normGradients: Tape["normGradients"] = new Map();
  private readonly values = new Map<string, Tensor>();
  private readonly gradients = new Map<string, Tensor>();
  /** Outputs by the node's name, including those that no node made. */
  private readonly kept = new Map<string, Tensor[]>();
  private keptNow: Tensor[] = [];
  /** Values whose gradients nothing needs. */
  private readonly unneeded: ReadonlySet<string>;

  constructor(
    readonly tf: TF,
    readonly kernels: BackendKernels,
    private readonly graph: PlainGraph<"trained">,
    private readonly weights: ReadonlyMap<string, Tensor>,
    readonly dropout: Tensor2D | undefined,
  ) {
    this.unneeded = valuesOfInputAlone(graph);
  }

  /** @param images the pass owns them from now on; weights and dropout stay the caller's */
  forward(images: Tensor): void {
    this.keepFor("");
    this.setValue(this.graph.input, images);
    for (const node of this.graph.nodes) {
      this.keepFor(node.name);
      this.tf.tidy(() => forwardOf(this, node));
    }
  }

  /** @param gradient of the graph's first output; the pass owns it */
  backward(gradient: Tensor): void {
    this.addGradient(this.graph.outputs[0]!, () => gradient);
    for (const node of this.graph.nodes.toReversed()) this.backwardAt(node);
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
    if (this.unneeded.has(to.name)) return;
    const before = this.gradients.get(to.name);
    this.gradients.set(to.name, this.tf.keep(before ? this.tf.add(before, tensor()) : tensor()));
    before?.dispose();
  }

  /** The gradient of a value or parameter, which is the caller's from now on. */
  takeGradient(of: Value | Parameter): Tensor {
    const taken = this.gradient(of);
    this.gradients.delete(of.name);
    return taken;
  }

  end(): void {
    this.tf.dispose([...this.kept.values()].flat());
    this.tf.dispose([...this.gradients.values()]);
  }

  /**
   * Then frees the node's output and the output's gradient: a step needs half the memory, and more of it is in the
   * cache.
   */
  private backwardAt(node: Node<"trained", number>): void {
    if (!valuesOutOf(node).every(({ name }) => this.unneeded.has(name))) this.tf.tidy(() => backwardOf(this, node));
    this.tf.dispose(this.kept.get(node.name)!);
    this.kept.delete(node.name);
    for (const { name } of valuesOutOf(node)) {
      this.gradients.get(name)?.dispose();
      this.gradients.delete(name);
    }
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
