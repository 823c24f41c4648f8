/** The process of check.ts: `check-process.js ENGINE MAIN` prints a BuildCheck as its last line. */
import { random } from "../../base/random.js";
import { graphBuilder } from "../../graph/builder.js";
import { parametersOf, type PlainGraph } from "../../graph/graph.js";
import { elementsOf } from "../../graph/values.js";
import type { Engine } from "../engine.js";
import { createWasmEngine } from "../wasm/wasm-engine.js";
import type { TensorflowEngine } from "./installed.js";
import { loadPackage } from "./locate.js";
import { gpuOf, nodeEngineOf, versionOf } from "./node-engine.js";
import type { BuildCheck } from "./check.js";

const size = { batch: 8, resolution: 12 };

/** A net with every kernel on which training spends its time. */
function smallNet(): PlainGraph<"trained"> {
  const b = graphBuilder<number>("check", 3);
  let x = b.activation("a", b.batchNorm("b", b.conv("c", b.input, { out: 16, kernel: 3, stride: 2 })), "swish");
  x = b.activation("d", b.batchNorm("e", b.depthwise("f", x, { kernel: 5 })), "relu6");
  x = b.batchNorm("g", b.conv("h", x, { out: 24 }));
  return b.build([b.dense("i", b.flatten("j", b.globalAveragePool("k", x)), 10)]);
}

/** Computes the logits, then all gradients. */
async function compute(engine: Engine, graph: PlainGraph<"trained">): Promise<Float32Array[]> {
  const draw = random("engine check");
  const normal = (length: number): Float32Array => Float32Array.from({ length }, () => draw.normal());
  const weights = new Map(parametersOf(graph).map((parameter) => [parameter.name, normal(elementsOf(parameter))]));
  const program = engine.compile(graph, size);
  const logits = await program.forward(weights, normal(size.batch * size.resolution ** 2 * 3));
  const gradients = await program.backward(normal(size.batch * 10));
  program.dispose();
  return [logits, ...gradients.values()];
}

const [name, main] = process.argv.slice(2) as [TensorflowEngine, string];
const tf = loadPackage(main);
const graph = smallNet();
const [found, wanted] = [await compute(nodeEngineOf(name, tf), graph), await compute(createWasmEngine(), graph)];
const relative = wanted.map((array, i) => {
  const largest = array.reduce((max, x) => Math.max(max, Math.abs(x)), 1);
  return array.reduce((max, x, j) => Math.max(max, Math.abs(x - found[i]![j]!)), 0) / largest;
});
const check: BuildCheck = { version: versionOf(tf), gpu: gpuOf(tf), difference: Math.max(...relative) };
process.stdout.write(`\n${JSON.stringify(check)}\n`);
