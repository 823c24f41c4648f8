/** A supernet's weights, each at its maximum, whoever they come from. */

/** By parameter name, in the shapes of the layout, row-major. */
export type SharedWeights = ReadonlyMap<string, Float32Array>;
