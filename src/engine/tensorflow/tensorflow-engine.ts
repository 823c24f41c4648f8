/** Interprets graphs on TensorFlow.js: one engine for all of its backends. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { parametersOf, type PlainGraph } from "../../graph/graph.js";
import type { Engine, Program, ProgramSize } from "../engine.js";
import type { BackendKernels, TF } from "./backend.js";
import { outOfMemory, withErrors } from "../memory-error.js";
import { Pass } from "./pass.js";
import { residentSupernet } from "./resident/resident.js";

/** @param tf TensorFlow.js with its backend chosen and ready */
export function createTensorflowEngine(
  tf: TF,
  kernels: BackendKernels,
  { name, description }: Pick<Engine, "name" | "description">,
): Engine {
  return {
    name,
    description,
    compile: (graph, size) => withErrors(interpret(tf, kernels, graph, size), errorFor),
    resident: (options) => withErrors(residentSupernet(tf, kernels, options), errorFor),
    dispose: () => undefined,
  };
}

/** The binding gives TF_Code, where 8 is TF_RESOURCE_EXHAUSTED: of the CPU's memory too. */
const EXHAUSTED = /^Invalid TF_Status: 8\nMessage: (.*)/;

function errorFor(error: unknown): unknown {
  const [, message] = EXHAUSTED.exec(error instanceof Error ? error.message : "") ?? [];
  return message === undefined ? error : outOfMemory("the memory of TensorFlow's device", message, error);
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
  let given: Tensor[] = [];
  const end = (): void => {
    pass?.end();
    tf.dispose(given);
    pass = undefined;
    given = [];
  };
  return {
    async forward(weights, images, dropout) {
      end();
      const shape = [batch, resolution, resolution, graph.input.channels];
      const tensors = new Map(parameters.map(({ name, shape }) => [name, tf.tensor(weights.get(name)!, [...shape])]));
      const factors = dropout && tf.tensor2d(dropout, [batch, dropout.length / batch]);
      given = [...tensors.values(), ...(factors ? [factors] : [])];
      const now = (pass = new Pass(tf, kernels, graph, tensors, factors));
      now.forward(tf.tensor(images, shape));
      return Float32Array.from(await now.value(logits).data<"float32">());
    },
    async backward(gradient) {
      if (!pass) throw new Error("internal: backward without a forward");
      const now = pass;
      now.backward(tf.tensor2d(gradient, [batch, gradient.length / batch]));
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
