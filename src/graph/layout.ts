/** The place of each parameter in one flat array, which workers share and optimisers update. */
import { parametersOf, type Graph } from "./graph.js";
import { maximumOf, type Parameter } from "./values.js";

export interface Slot {
  readonly parameter: Parameter;
  readonly shape: readonly number[];
  /** Index of its first value. */
  readonly offset: number;
  readonly length: number;
}

/** Every parameter of the graph at its maximum, one after the other in graph order. */
export interface Layout {
  readonly slots: ReadonlyMap<string, Slot>;
  /** Number of values in all. */
  readonly length: number;
}

export function layoutOf(graph: Graph): Layout {
  const slots = new Map<string, Slot>();
  let offset = 0;
  for (const parameter of parametersOf(graph)) {
    const shape = parameter.shape.map(maximumOf);
    const length = shape.reduce((product, size) => product * size, 1);
    slots.set(parameter.name, { parameter, shape, offset, length });
    offset += length;
  }
  return { slots, length: offset };
}

/** Views of each parameter in a flat array. */
export const viewsOf = ({ slots }: Layout, flat: Float32Array): Map<string, Float32Array> =>
  new Map([...slots].map(([name, { offset, length }]) => [name, flat.subarray(offset, offset + length)]));
