/**
 * One file that takes a picture's bytes, of any size: the preprocessing can't be got wrong. It is a format and no option of the others, since
 * their stacks want the child's own input. The certified file lies beside it, so that the certificate still is of something.
 */
import { embedPreprocessing, PIXELS, PROBABILITIES } from "../compile/embed-preprocessing.js";
import { labelsText, readme } from "./child-files.js";
import type { Format, ShippedChild } from "./format.js";
import { comparePixels } from "./pixels/compare-pixels.js";

const EMBEDDED = "pixels.onnx";

export const pixels: Format = {
  says: "any ONNX runtime: one file that takes a picture's bytes, of any size",
  makes: [EMBEDDED],
  files: (child) => ({
    [EMBEDDED]: embedPreprocessing(child.bytes, child.certificate.preprocessing, {
      "nestling.embedded_sha256": child.certificate.sha256,
    }),
    "labels.txt": labelsText(child.certificate),
    "certified/model.onnx": child.bytes,
    "certified/model.json": child.certificateBytes,
    "README.md": readmeOf(child),
  }),
  async compare(child, read) {
    return comparePixels(child, await read(EMBEDDED));
  },
};

function readmeOf(child: ShippedChild): string {
  const { preprocessing, outputs } = child.certificate;
  const { channels, color_mode: mode } = preprocessing;
  const classes = outputs.logits.at(-1)!;
  const use = `import numpy, onnxruntime
from PIL import Image, ImageOps
picture = ImageOps.exif_transpose(Image.open("photo.jpg")).convert("${mode}")
pixels = numpy.asarray(picture)${channels === 1 ? "[..., None]" : ""}  # bytes: height, width, channels
[shares] = onnxruntime.InferenceSession("${EMBEDDED}").run(["${PROBABILITIES}"], {"${PIXELS}": pixels})[0]
print(open("labels.txt", encoding="utf-8").read().splitlines()[shares.argmax()], shares.max())`;
  return readme(
    child,
    `\`${EMBEDDED}\` classifies a picture as it is decoded; resizing, cropping and scaling are in its graph.`,
    use,
    [
      `Turn pictures upright by EXIF before; ${channels === 1 ? "colours become grey as Pillow's `convert` makes them" : "the channels are red, green, blue, without alpha"}. Compute in float32: half precision is too coarse for places in a picture.`,
      `What is certified is \`certified/model.onnx\`, which takes tensors. \`${EMBEDDED}\` is another file: the same nodes and weights, with the preprocessing in front. On pictures of several sizes \`nestling deploy\` compared its logits with those of the certified file and nestling's own preprocessing, and \`nestling verify\` does so again: a byte may be off by one where Pillow's fixed point rounds a half the other way.`,
    ],
    {
      sides: `Input \`${PIXELS}\` uint8 [height, width, ${channels}], outputs \`${PROBABILITIES}\` and \`logits\` [1, ${classes}]`,
      model: "the certified model",
      whose: "The certified model alone: ",
    },
  );
}
