/** A program that a user may have: times a model and prints JSON lines. node time-model.mjs MODEL RUNS DIMS */
import * as ort from "onnxruntime-node";

const [model, runs, dims] = process.argv.slice(2);
const shape = dims.split(",").map(Number);
const began = performance.now();
const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1 });
const load = performance.now() - began;
const length = shape.reduce((product, size) => product * size, 1);
const input = { [session.inputNames[0]]: new ort.Tensor("float32", Float32Array.from({ length }, Math.sin), shape) };
const time = async () => {
  const start = performance.now();
  await session.run(input);
  return performance.now() - start;
};
console.log(JSON.stringify({ first: await time(), load }));
for (let run = 0; run < Number(runs); run++) console.log(await time());
