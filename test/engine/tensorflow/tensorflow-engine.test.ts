import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { composedKernels } from "../../../src/engine/tensorflow/backend.js";
import { createTensorflowEngine } from "../../../src/engine/tensorflow/tensorflow-engine.js";
import { describeEngine, describeTensors } from "../conformance.js";

await tf.setBackend("cpu");
const onCpuBackend = async () =>
  createTensorflowEngine(tf, composedKernels(tf), { name: "node", description: "tfjs-backend-cpu" });

describeEngine("TensorFlow.js, composed kernels", onCpuBackend, { values: 60, gradients: 30, contract: 1 });
describeTensors("TensorFlow.js, composed kernels", onCpuBackend);
