/** Pictures of many sizes through a graph that prepares them, against nestling's own preprocessing: byte by byte. */
import { describe, expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { embedPreprocessing } from "../../src/compile/embed-preprocessing.js";
import { toChannelsFirst } from "../../src/data/make-batch.js";
import { normalize, prepare, preprocessingAt, type Evaluation } from "../../src/data/preprocessing.js";
import { onnx } from "../../src/onnx/onnx.js";
import { attributeProtos, valueInfo } from "../../src/onnx/protos.js";
import { withSession } from "../../src/runtime/session.js";

/** A network that answers with its input. */
function echo(channels: number, side: number, opset: number, batch: number | string = "batch_size"): Uint8Array {
  const node = {
    opType: "Flatten",
    input: ["pixel_values"],
    output: ["logits"],
    attribute: attributeProtos({ axis: 1 }),
  };
  return onnx.ModelProto.encode({
    irVersion: 6,
    opsetImport: [{ domain: "", version: opset }],
    metadataProps: [
      { key: "its", value: "own" },
      { key: "nestling.preprocessing", value: "{}" },
    ],
    graph: {
      ...{ name: "echo", node: [node] },
      input: [valueInfo("pixel_values", [batch, channels, side, side])],
      output: [valueInfo("logits", [batch, channels * side * side])],
    },
  }).finish();
}

/** Its side is 32: as the input, half and a third of it, odd rests, wide, tall, a line, large. */
const sizes = [
  ...[
    [32, 32],
    [16, 16],
    [64, 64],
    [96, 96],
    [33, 24],
    [9, 7],
    [1, 50],
  ],
  ...[
    [301, 203],
    [1000, 100],
    [41, 200],
    [50, 411],
    [640, 480],
    [1920, 1080],
  ],
] as const satisfies readonly (readonly number[])[];
const evaluations: readonly Evaluation[] = [
  { cropShare: 1, interpolation: "bilinear" },
  { cropShare: 0.875, interpolation: "bilinear" },
  { cropShare: 1, interpolation: "bicubic" },
  { cropShare: 0.875, interpolation: "bicubic" },
];
const side = 32;
/** An input of one step is a byte. */
const bytesThemselves = (channels: number) => ({
  mean: new Array<number>(channels).fill(0),
  std: new Array<number>(channels).fill(1 / 255),
});

const noise = (width: number, height: number, channels: number): Uint8Array => {
  const draw = random("noise", width, height);
  return Uint8Array.from({ length: width * height * channels }, () => draw.integer(256));
};

describe.each(evaluations)("$interpolation, the middle $cropShare", (evaluation) => {
  test.each([
    [3, 11],
    [1, 13],
    [3, 26],
  ] as const)(
    "%i channels in opset %i: no byte is off by more than one, and at most 5 % are",
    async (channels, opset) => {
      const normalization = bytesThemselves(channels);
      const preprocessing = preprocessingAt(side, channels, normalization, evaluation);
      await withSession(embedPreprocessing(echo(channels, side, opset), preprocessing, {}), {}, async (session) => {
        for (const [width, height] of sizes) {
          const pixels = noise(width, height, channels);
          const prepared = prepare({ width: width, height: height, channels, pixels }, side, evaluation);
          const wanted = toChannelsFirst(normalize(prepared, normalization), 1, channels);
          const found = (await session.run(pixels, [height, width, channels])).get("logits")!;
          const steps = found.map((value, i) => Math.abs(value - wanted[i]!));
          expect(Math.max(...steps), `${width} × ${height}`).toBeLessThan(1.001);
          expect(steps.filter((step) => step > 0.001).length, `${width} × ${height}`).toBeLessThan(0.05 * steps.length);
        }
      });
    },
  );
});

test("mean and deviation of each channel are taken, and probabilities are the logits' softmax", async () => {
  const normalization = { mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.25] };
  const bytes = embedPreprocessing(echo(3, 4, 17), preprocessingAt(4, 3, normalization), {});
  const pixels = noise(4, 4, 3);
  const outputs = await withSession(bytes, {}, (session) => session.run(pixels, [4, 4, 3]));
  const logits = outputs.get("logits")!;
  const wanted = toChannelsFirst(normalize(pixels, normalization), 1, 3);
  logits.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 5));
  const sum = wanted.reduce((total, value) => total + Math.exp(value), 0);
  outputs.get("probabilities")!.forEach((share, i) => expect(share).toBeCloseTo(Math.exp(wanted[i]!) / sum, 6));
});

test("a batch that is fixed answers for one picture, as one that is free", async () => {
  const preprocessing = preprocessingAt(8, 3, bytesThemselves(3));
  const of = (batch?: number): Promise<ReadonlyMap<string, Float32Array>> =>
    withSession(embedPreprocessing(echo(3, 8, 17, batch), preprocessing, {}), {}, (session) =>
      session.run(noise(20, 11, 3), [11, 20, 3]),
    );
  expect(await of(3)).toEqual(await of());
  expect(await of(1)).toEqual(await of());
});

test("the child's nodes, weights and metadata stay; what is said of the file is added", () => {
  const bytes = embedPreprocessing(echo(1, 8, 17), preprocessingAt(8, 1, bytesThemselves(1)), { added: "here" });
  const model = onnx.ModelProto.decode(bytes);
  expect(model.metadataProps.map(({ key, value }) => `${key}=${value}`)).toEqual([
    "its=own",
    // Nobody who reads it shall prepare pictures twice.
    "nestling.embedded_preprocessing={}",
    "added=here",
  ]);
  expect(model.graph!.node!.filter(({ opType }) => opType === "Flatten")).toHaveLength(1);
  expect(model.graph!.input!.map(({ name }) => name)).toEqual(["pixels"]);
});
