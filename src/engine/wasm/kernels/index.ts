// Every kernel, as the module exports it; ../signatures.ts is generated from these for TypeScript.
// Sizes: B images; size (in) and out, their height = width, P pixels of an image; C channels in, N out; k kernel size; M rows of channels,
// which are batch × pixels; K the inner size of a matrix product. Tensors are [B, height, width, channels], weights [k, k, C, N].
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
