/** One child in every precision, and as onnxruntime's own tool quantises the same float file with the same images: bytes, accuracy, nodes. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compilerOfEach } from "../../dist/compile/compile-child.js";
import { int8LayoutOf } from "../../dist/compile/precisions.js";
import { readBatches } from "../../dist/data/image-block.js";
import { toChannelsFirst } from "../../dist/data/make-batch.js";
import { testImages } from "../../dist/deploy/contract.js";
import { quantizedNodesOf } from "../../dist/deploy/quantized-nodes.js";
import { compareModels, measureAccuracy } from "../../dist/evaluate/accuracy.js";
import { blockOf, recalibrationIndices } from "../../dist/run/run.js";
import { localTarget } from "../../dist/target/local.js";
import { withModel } from "../../dist/target/target.js";

/**
 * @param precision the int8 one
 * @param tool onnxruntime's, in Python
 * @returns a function from an architecture to its files and figures
 */
export function judgeOf(run, { precision, recalibrationImages, tool, folder }) {
  const compilers = compilerOfEach(run, { recalibrationImages });
  return async (name, architecture) => {
    const { resolution } = architecture;
    const test = testImages(run, resolution);
    const compiled = {};
    for (const one of ["float32", "float16", precision]) compiled[one] = await compilers(one).compile(architecture);
    const { float32, float16, [precision]: int8 } = compiled;
    const accuracyOf = async (bytes) => 100 * (await measureAccuracy(bytes, test)).accuracy;
    const own = join(folder, name);
    mkdirSync(own);
    const methods = await byTool(
      float32.bytes,
      blockOf(run, "train", recalibrationIndices(run, recalibrationImages), resolution),
      {
        ...{ tool, folder: own },
        reduceRange: int8LayoutOf(precision).largestWeight < 127,
      },
    );
    const theirs = [];
    for (const [method, bytes] of methods) theirs.push({ method, bytes, accuracy: await accuracyOf(bytes) });
    const best = theirs.reduce((a, b) => (b.accuracy > a.accuracy ? b : a));
    const dims = [1, run.data.train.channels, resolution, resolution];
    const sameTopOne = await withModel(localTarget({ threads: 0 }), float32.bytes, (wide) =>
      withModel(
        localTarget({ threads: 0 }),
        float16.bytes,
        async (half) => (await compareModels(wide, half, test)).sameTopOne,
      ),
    );
    return {
      figures: {
        ...{ name, id: float32.id, macs: float32.macs, testImages: test.count },
        bytes: {
          float32: float32.bytes.length,
          float16: float16.bytes.length,
          int8: int8.bytes.length,
          tool: best.bytes.length,
        },
        accuracy: {
          float32: await accuracyOf(float32.bytes),
          float16: await accuracyOf(float16.bytes),
          int8: await accuracyOf(int8.bytes),
        },
        tool: Object.fromEntries(theirs.map(({ method, accuracy }) => [method, accuracy])),
        best: best.method,
        ranges: int8.report.flatMap(({ tried = [] }) => tried).find(({ isTaken }) => isTaken).way,
        nodes: await quantizedNodesOf(int8.bytes, precision, { dims }),
        sameTopOne,
      },
      files: { float32: float32.bytes, float16: float16.bytes, int8: int8.bytes, tool: best.bytes },
      dims,
    };
  };
}

/** The files of each method that didn't fail. */
async function byTool(bytes, block, { tool, folder, reduceRange }) {
  const [file, images] = [join(folder, "float32.onnx"), join(folder, "images.f32")];
  writeFileSync(file, bytes);
  const { count, channels, resolution } = block;
  for await (const batch of readBatches(block, [0, count])) {
    writeFileSync(images, toChannelsFirst(batch.images, batch.count, channels));
  }
  const found = await tool.ask({
    file,
    images,
    dims: [count, channels, resolution, resolution],
    reduceRange,
    out: folder,
  });
  const failed = Object.entries(found).flatMap(([method, { error }]) => (error ? [`${method}: ${error}`] : []));
  if (failed.length > 0) console.error(`onnxruntime's tool failed: ${failed.join("; ")}`);
  return Object.entries(found).flatMap(([method, { file: made }]) => (made ? [[method, readFileSync(made)]] : []));
}
