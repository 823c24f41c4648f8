/**
 * A child that takes pictures: its file with the preprocessing in front, as nodes. The child's own nodes and weights stay as they are.
 *
 *   pixels  uint8 [height, width, channels], upright, of any size  →  logits, probabilities  [1, classes]
 */
import { scaleAndShift, evaluationOf, type Preprocessing } from "../data/preprocessing.js";
import { nodeList, type NodeList } from "../onnx/node-list.js";
import { onnx } from "../onnx/onnx.js";
import { dataTypeOf, valueInfo } from "../onnx/protos.js";
import { resizeNodes, type Axis } from "./resize-nodes.js";

export const PIXELS = "pixels";
export const PROBABILITIES = "probabilities";

/** What the metadata says of an input of tensors; of one of pixels it would be done twice. */
const [DEMANDED, EMBEDDED] = ["nestling.preprocessing", "nestling.embedded_preprocessing"];

/**
 * @param bytes of the child's file, with one input and one output
 * @param metadata is added to the child's, whose preprocessing is called an embedded one
 */
export function embedPreprocessing(
  bytes: Uint8Array,
  preprocessing: Preprocessing,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const model = onnx.ModelProto.decode(bytes);
  const graph = model.graph!;
  const opset = Number(model.opsetImport.find(({ domain }) => domain === "")!.version);
  const [input, output] = [graph.input![0]!, graph.output![0]!];
  const sizes = (of: onnx.IValueInfoProto) => of.type!.tensorType!.shape!.dim!.map(({ dimValue }) => Number(dimValue));
  /** 0 where it is free. */
  const [batch] = sizes(input) as [number];
  const [, classes] = sizes(output) as [number, number];

  const before = nodeList(PIXELS);
  const image = pixelValues(before, preprocessing, opset);
  // A batch that is fixed is filled with the one picture.
  if (batch > 1) before.add("Expand", [image, before.whole([batch, 1, 1, 1])], {}, input.name!);
  else before.add("Identity", [image], {}, input.name!);
  const after = nodeList(PROBABILITIES);
  const logits = batch > 1 ? `${output.name!}.batch` : output.name!;
  if (batch > 1) after.add("Gather", [logits, after.whole([0])], { axis: 0 }, output.name!);
  after.add("Softmax", [output.name!], { axis: 1 }, PROBABILITIES);
  const child = graph.node!.map((node) => ({
    ...node,
    output: node.output!.map((name) => (name === output.name ? logits : name)),
  }));
  model.graph = {
    ...{ name: graph.name!, valueInfo: graph.valueInfo! },
    node: [...before.nodes, ...child, ...after.nodes],
    initializer: [...before.constants, ...graph.initializer!, ...after.constants],
    input: [valueInfo(PIXELS, ["height", "width", preprocessing.channels], "uint8")],
    output: [output.name!, PROBABILITIES].map((name) => valueInfo(name, [1, classes])),
  };
  model.metadataProps = [
    ...model.metadataProps.map((said) => (said.key === DEMANDED ? { ...said, key: EMBEDDED } : said)),
    ...Object.entries(metadata).map(([key, value]) => ({ key, value })),
  ];
  return onnx.ModelProto.encode(model).finish();
}

/** @returns the name of the child's input for one picture: [1, channels, height, width] */
function pixelValues(list: NodeList, preprocessing: Preprocessing, opset: number): string {
  const { channels, size, crop_size, image_mean: mean, image_std: std } = preprocessing;
  const shape = list.add("Shape", [PIXELS]);
  const [height, width] = [0, 1].map((i) => list.add("Gather", [shape, list.whole([i])])) as [string, string];
  const shorter = list.add("Where", [list.add("Less", [height, width]), height, width]);
  /** The shorter side becomes the edge, the longer one keeps the proportion; the middle of each is kept. */
  const axis = (from: string, count: number): Axis => {
    const to = list.add("Div", [list.add("Mul", [from, list.whole([size.shortest_edge])]), shorter]);
    const start = list.add("Div", [list.add("Sub", [to, list.whole([count])]), list.whole([2])]);
    return { from, to, start, count };
  };
  const axes = { rows: axis(height, crop_size.height), columns: axis(width, crop_size.width) };
  const planes = list.add("Transpose", [PIXELS], { perm: [2, 0, 1] });
  const floats = list.add("Cast", [planes], { to: dataTypeOf("float32") });
  const square = resizeNodes(list, floats, axes, evaluationOf(preprocessing).interpolation, opset);
  const { scale, shift } = scaleAndShift({ mean, std });
  const scaled = list.add("Mul", [square, list.number(scale, [channels, 1, 1])]);
  const normalized = list.add("Add", [scaled, list.number(shift, [channels, 1, 1])]);
  return list.add("Reshape", [normalized, list.whole([1, channels, crop_size.height, crop_size.width])]);
}
