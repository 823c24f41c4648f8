// Every kernel, as the module exports it; ../signatures.ts is generated from these for TypeScript. Sizes: B images;
// `size` and `out` are height = width of input and output; P pixels per image; C channels in, N channels out; k kernel
// size; M rows of channels (batch × pixels); K inner size of a matrix product. Tensors are [B, height, width,
// channels], weights [k, k, C, N].
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
export { fakeQuantize } from "./quantize";
export { globalAveragePool, globalAveragePoolGradient, averagePool, averagePoolGradient } from "./elementwise";
