/**
 * Resizing as ONNX nodes, for pictures of any size: what src/data/pictures/pillow-resize.ts does, in float32. Each axis is one matrix product.
 * Its weights are computed in the graph, from the picture's size: with `from` pixels that become `to`, pixel j gives to pixel i
 *
 *   w(i, j) = f(d) / Σ f(d),    d = |(2 j + 1) to − (2 i + 1) from| / (2 max(from, to))
 *
 * f is the filter, and d the distance from its centre: whole numbers until the division, so that no size is too large for float32.
 * `Resize` with `antialias` would be shorter, but needs opset 18, and OpenVINO 2026.4 computes it without antialiasing, in silence.
 */
import type { Interpolation } from "../data/pictures/pillow-resize.js";
import type { NodeList } from "../onnx/node-list.js";
import { dataTypeOf } from "../onnx/protos.js";

/** Names of vectors of one int64 each: the picture's pixels on an axis, what these become, and the first that is kept. */
export interface Axis {
  readonly from: string;
  readonly to: string;
  readonly start: string;
  /** How many are kept. */
  readonly count: number;
}

/** f of distances, as nodes. */
const filters: Record<Interpolation, (list: NodeList, d: string) => string> = {
  bilinear: (list, d) => list.add("Relu", [list.add("Sub", [list.number([1]), d])]),
  bicubic(list, d) {
    const number = (value: number): string => list.number([value]);
    const polynomial = (first: number, ...rest: readonly number[]): string =>
      rest.reduce((sum, next) => list.add("Add", [list.add("Mul", [sum, d]), number(next)]), number(first));
    const within = (limit: number): string => list.add("Less", [d, number(limit)]);
    const far = list.add("Where", [within(2), polynomial(-0.5, 2.5, -4, 2), number(0)]);
    return list.add("Where", [within(1), polynomial(1.5, -2.5, 0, 1), far]);
  },
};

/** @returns the name of [count, from] of float32 */
function weights(
  list: NodeList,
  { from, to, start, count }: Axis,
  interpolation: Interpolation,
  opset: number,
): string {
  const [one, two, zero] = [list.whole([1]), list.whole([2]), list.whole([0])];
  const column = list.whole([-1, 1]);
  const scalar = (vector: string): string => list.add("Squeeze", [vector]);
  /** 2 n + 1 for n from `first` to before `end`, times `by`. */
  const odd = (first: string, end: string, by: string): string => {
    const range = list.add("Range", [first, end, one].map(scalar));
    return list.add("Mul", [list.add("Add", [list.add("Mul", [range, two]), one]), by]);
  };
  const places = odd(start, list.add("Add", [start, list.whole([count])]), from);
  const apart = list.add("Sub", [odd(zero, from, to), list.add("Reshape", [places, column])]);
  const wider = list.add("Where", [list.add("Less", [from, to]), to, from]);
  const float = (name: string): string => list.add("Cast", [name], { to: dataTypeOf("float32") });
  const distances = list.add("Div", [list.add("Abs", [float(apart)]), float(list.add("Mul", [wider, two]))]);
  const shares = filters[interpolation](list, distances);
  return list.add("Div", [shares, sumOfRows(list, shares, opset)]);
}

/** Its axes became an input with opset 13. */
const sumOfRows = (list: NodeList, x: string, opset: number): string =>
  opset < 13 ? list.add("ReduceSum", [x], { axes: [1] }) : list.add("ReduceSum", [x, list.whole([1])]);

/** To the nearest byte, halves up, as Pillow rounds after each axis. */
function toBytes(list: NodeList, x: string): string {
  const rounded = list.add("Floor", [list.add("Add", [x, list.number([0.5])])]);
  return list.add("Clip", [rounded, list.number([0]), list.number([255])]);
}

/**
 * @param x name of [channels, height, width]
 * @returns the name of [channels, rows.count, columns.count], in whole numbers from 0 to 255
 */
export function resizeNodes(
  list: NodeList,
  x: string,
  { rows, columns }: { readonly rows: Axis; readonly columns: Axis },
  interpolation: Interpolation,
  opset: number,
): string {
  const rowWeights = weights(list, rows, interpolation, opset);
  const columnWeights = list.add("Transpose", [weights(list, columns, interpolation, opset)], { perm: [1, 0] });
  const narrowed = (to: NodeList, of: string): string => toBytes(to, to.add("MatMul", [of, columnWeights]));
  const lowered = (to: NodeList, of: string): string => toBytes(to, to.add("MatMul", [rowWeights, of]));
  const inRows = (to: NodeList): string => lowered(to, narrowed(to, x));
  if (interpolation === "bilinear") return inRows(list);
  // Cubics overshoot and are cut between the axes, so that the order matters: Pillow's (src/data/preprocessing.ts).
  const shrinks = ({ from, to }: Axis): string => list.add("Sub", [from, to]);
  const [less, more] = [list.add("Mul", [shrinks(columns), list.whole([2])]), shrinks(rows)];
  const isMost = list.add("And", [list.add("Less", [list.whole([0]), more]), list.add("Less", [less, more])]);
  const inColumns = (to: NodeList): string => narrowed(to, lowered(to, x));
  return list.either(list.add("Squeeze", [isMost]), inColumns, inRows);
}
