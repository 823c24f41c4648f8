// Every kernel, as the module exports it. src/engine/wasm/kernels.ts has the signatures for TypeScript.
export { packPanels, matmul, matmulTransposedA } from "./matmul";
export { conv, convFilterGradient, convInputGradient } from "./conv";
export { depthwise, depthwiseInputGradient, depthwiseFilterGradient, padChannels, unpadChannels } from "./depthwise";
export { statistics, scaleAndShift, normalize, normGradientSums, normGradient } from "./norm";
export {
  add,
  product,
  addBias,
  biasGradient,
  activation,
  activationGradient,
  multiply,
  multiplyGradient,
} from "./elementwise";
export { globalAveragePool, globalAveragePoolGradient, averagePool, averagePoolGradient } from "./elementwise";
