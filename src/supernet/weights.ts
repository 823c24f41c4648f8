/** A supernet's weights, each at its maximum, whoever they come from. */

/** A supernet's weights by parameter name, each at its maximum shape (see `Parameter`), row-major. */
export type SharedWeights = ReadonlyMap<string, Float32Array>;
