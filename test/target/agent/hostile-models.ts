/** Models that an agent must survive: each is valid for onnx's own reader, unless its name says otherwise. */
import { onnx } from "../../../src/onnx/onnx.js";
import { valueInfo } from "../../../src/onnx/protos.js";

const { FLOAT, INT64, BOOL } = onnx.TensorProto.DataType;
const { AttributeType } = onnx.AttributeProto;

const int64 = (name: string, dims: number[], ...values: bigint[]): onnx.ITensorProto => ({
  name,
  dims,
  dataType: INT64,
  rawData: new Uint8Array(BigInt64Array.from(values).buffer),
});
const yes: onnx.ITensorProto = { name: "yes", dims: [], dataType: BOOL, rawData: Uint8Array.of(1) };
const scalar = (name: string, elemType: number): onnx.IValueInfoProto => ({
  name,
  type: { tensorType: { elemType, shape: { dim: [] } } },
});

/** One input `x` of 4 numbers, one output `y`. */
export function modelOf(
  node: onnx.INodeProto[],
  initializer: onnx.ITensorProto[] = [],
  rest: Partial<onnx.IModelProto> = {},
): Uint8Array {
  return onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: "", version: 17 }],
    graph: { name: "g", node, initializer, input: [valueInfo("x", [4])], output: [valueInfo("y", ["n"])] },
    ...rest,
  }).finish();
}

const relu: onnx.INodeProto = { opType: "Relu", input: ["x"], output: ["y"] };
export const harmless = modelOf([relu]);

export const otherTypes = [BOOL, INT64] as const;
/** Its output is of another type than float32. */
export const castTo = (elemType: (typeof otherTypes)[number]): Uint8Array => {
  const cast = { opType: "Cast", input: ["x"], output: ["y"] };
  const node = [{ ...cast, attribute: [{ name: "to", type: AttributeType.INT, i: elemType }] }];
  const output = [{ name: "y", type: { tensorType: { elemType, shape: { dim: [{ dimValue: 4 }] } } } }];
  return modelOf([], [], { graph: { name: "g", node, input: [valueInfo("x", [4])], output } });
};

/** Runs its body 2⁶² times. */
export const endless = modelOf(
  [
    {
      opType: "Loop",
      input: ["count", "yes", "x"],
      output: ["y"],
      attribute: [
        {
          name: "body",
          type: AttributeType.GRAPH,
          g: {
            name: "body",
            node: [
              { opType: "Identity", input: ["on"], output: ["stillOn"] },
              { opType: "Relu", input: ["state"], output: ["next"] },
            ],
            input: [scalar("i", INT64), scalar("on", BOOL), valueInfo("state", [4])],
            output: [scalar("stillOn", BOOL), valueInfo("next", [4])],
          },
        },
      ],
    },
  ],
  [int64("count", [], 2n ** 62n), yes],
);

/** Makes a tensor of so many bytes when it runs. */
export const hungry = (bytes: number): Uint8Array =>
  modelOf(
    [
      { opType: "ConstantOfShape", input: ["shape"], output: ["large"] },
      {
        opType: "ReduceSum",
        input: ["large"],
        output: ["sum"],
        attribute: [{ name: "keepdims", type: AttributeType.INT, i: 0 }],
      },
      { opType: "Add", input: ["x", "sum"], output: ["y"] },
    ],
    [int64("shape", [1], BigInt(Math.floor(bytes / 4)))],
  );

const externalTensor: onnx.ITensorProto = {
  name: "w",
  dims: [4],
  dataType: FLOAT,
  dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
  externalData: [{ key: "location", value: "../../../etc/passwd" }],
};
const add: onnx.INodeProto = { opType: "Add", input: ["x", "w"], output: ["y"] };
export const external = modelOf([add], [externalTensor]);

/** onnxruntime merges the two graphs; a decoder that keeps the last sees none with external data. */
export const externalInFirstOfTwoGraphs = Uint8Array.from([...external, ...harmless]);

export const externalInBranch = modelOf(
  [
    {
      opType: "If",
      input: ["yes"],
      output: ["y"],
      attribute: ["then_branch", "else_branch"].map((name) => ({
        name,
        type: AttributeType.GRAPH,
        g: { name, node: [add], initializer: [externalTensor], output: [valueInfo("y", [4])] },
      })),
    },
  ],
  [yes],
);

export const externalInConstant = modelOf([
  {
    opType: "Constant",
    output: ["w"],
    attribute: [{ name: "value", type: AttributeType.TENSOR, t: externalTensor }],
  },
  add,
]);

export const ofOwnDomain = modelOf([{ ...relu, domain: "org.example" }], [], {
  opsetImport: [
    { domain: "", version: 17 },
    { domain: "org.example", version: 1 },
  ],
});

export const opensFile = modelOf([{ ...relu, opType: "EPContext", domain: "com.microsoft" }]);

/** ModelProto's field 25 has functions; onnx-proto does not know it. */
export const withFunctions = Uint8Array.from([...harmless, 0xca, 0x01, 0]);

/** As onnxruntime's own format begins; onnxruntime would read it whatever a check of ONNX says. */
export const inOwnFormat = Uint8Array.from([0x1c, 0, 0, 0, ...new TextEncoder().encode("ORTM"), ...new Uint8Array(64)]);

/** Graphs within graphs within graphs. */
export function nested(deep: number): Uint8Array {
  let g: onnx.IGraphProto = { name: "g", node: [relu] };
  for (let i = 0; i < deep; i++) {
    g = {
      name: "g",
      node: [{ opType: "If", output: ["y"], attribute: [{ name: "then_branch", type: AttributeType.GRAPH, g }] }],
    };
  }
  return modelOf([], [], { graph: g });
}
