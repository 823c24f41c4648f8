/**
 * The interpreter of graphs on TensorFlow.js: one engine for every backend of it. The backward pass is written out, operator by
 * operator, rather than taped by TensorFlow.js: its tape keeps every intermediate result and calls composed gradients.
 */
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import { maximumOf, parametersOf, type Graph, type Node, type Parameter, type Value } from "../../graph/graph.js";
import type { Arrays, Engine, Program, ProgramSize } from "../engine.js";
import type { BackendKernels, TF } from "./backend.js";
import { rows, type Tape } from "./operators.js";

interface AnyRow {
  forward(tape: Tape, node: Node): void;
  backward(tape: Tape, node: Node): void;
}

/** The row of a node's operator, which takes this very kind of node. */
const rowOf = ({ op }: Node): AnyRow => rows[op];

/** @param tf with its backend chosen and ready */
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

function interpret(tf: TF, kernels: BackendKernels, graph: Graph, { batch, resolution }: ProgramSize): Program {
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
      const shape = [batch, resolution, resolution, maximumOf(graph.input.channels)];
      const now = (pass = new Pass(tf, kernels, graph.input));
      tf.tidy(() => {
        now.start(
          tf.tensor(images, shape),
          parameters,
          weights,
          dropout && tf.tensor2d(dropout, [batch, dropout.length / batch]),
        );
        for (const node of graph.nodes) rowOf(node).forward(now, node);
      });
      return Float32Array.from(await now.value(logits).data<"float32">());
    },
    async backward(gradient, target) {
      if (!pass) throw new Error("internal: backward without a forward");
      const now = pass;
      tf.tidy(() => {
        now.addGradient(logits, () => tf.tensor2d(gradient, [batch, gradient.length / batch]));
        for (const node of [...graph.nodes].reverse()) rowOf(node).backward(now, node);
        now.keep(parameters.map(now.parameterGradient));
      });
      // All asked for at once: a GPU's answers then wait for each other's way, not one after the other.
      await Promise.all(
        parameters.map(async (parameter) => {
          const values = await now.parameterGradient(parameter).data<"float32">();
          const sum = target.get(parameter.name)!;
          for (let i = 0; i < sum.length; i++) sum[i]! += values[i]!;
        }),
      );
      end();
    },
    dispose: end,
  };
}

/** The tensors of one forward and backward pass. All that outlives the forward pass is kept by hand and freed at the end. */
class Pass implements Tape {
  readonly normGradients: Tape["normGradients"] = new Map();
  dropout: Tensor2D | undefined;
  private readonly values = new Map<string, Tensor>();
  private readonly weights = new Map<string, Tensor>();
  private readonly gradients = new Map<string, Tensor>();
  private readonly kept: Tensor[] = [];

  constructor(
    readonly tf: TF,
    readonly kernels: BackendKernels,
    private readonly input: Value,
  ) {}

  start(images: Tensor, parameters: readonly Parameter[], weights: Arrays, dropout: Tensor2D | undefined): void {
    this.setValue(this.input, images);
    for (const { name, shape } of parameters) {
      const tensor = this.tf.tensor(weights.get(name)!, shape.map(maximumOf));
      this.keep([tensor]);
      this.weights.set(name, tensor);
    }
    if (dropout) this.keep([dropout]);
    this.dropout = dropout;
  }

  value = (value: Value): Tensor => found(this.values, value.name);
  parameter = (parameter: Parameter): Tensor => found(this.weights, parameter.name);
  gradient = (value: Value): Tensor => found(this.gradients, value.name);

  setValue = (value: Value, tensor: Tensor): void => {
    this.keep([tensor]);
    this.values.set(value.name, tensor);
  };

  keep = (tensors: readonly Tensor[]): void => {
    for (const tensor of tensors) this.kept.push(this.tf.keep(tensor));
  };

  addGradient = (to: Value | Parameter, tensor: () => Tensor): void => {
    // Nobody asks for the images' gradient.
    if (to.name === this.input.name) return;
    const before = this.gradients.get(to.name);
    this.gradients.set(to.name, before ? this.tf.add(before, tensor()) : tensor());
  };

  parameterGradient = ({ name }: Parameter): Tensor => found(this.gradients, name);

  end(): void {
    this.tf.dispose(this.kept);
  }
}

function found(tensors: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`internal: no tensor for ${name}`);
  return tensor;
}
