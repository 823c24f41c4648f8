/** The process of install-onnxruntime.ts: `onnxruntime-check.js FOLDER` runs a model by the package in that folder. */
import { createRequire } from "node:module";

type Onnxruntime = typeof import("onnxruntime-node");

/** An ONNX file: y = Relu(x), for two numbers. */
const relu = "CAg6MwoMCgF4EgF5IgRSZWx1EgFnWg8KAXgSCgoICAESBAoCCAJiDwoBeRIKCggIARIECgIIAkIECgAQEQ==";

const [folder] = process.argv.slice(2) as [string];
const { InferenceSession, Tensor } = createRequire(import.meta.url)(folder) as Onnxruntime;
const session = await InferenceSession.create(Buffer.from(relu, "base64"), { executionProviders: ["cpu"] });
const { y } = await session.run({ x: new Tensor("float32", Float32Array.of(-1, 2), [2]) });
const found = [...(y!.data as Float32Array)];
await session.release();
if (found[0] !== 0 || found[1] !== 2) throw new Error(`error: Relu of -1 and 2 is ${found.join(" and ")}`);
