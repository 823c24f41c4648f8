/** A folder that Hugging Face's libraries load: transformers.js (Node, browsers), and optimum with transformers in Python. */
import { jsonText } from "../base/atomic-file.js";
import { labelsText, preprocessingSentence, readme } from "./child-files.js";
import type { Format, FolderFiles, ShippedChild, ShippedFile } from "./format.js";

/**
 * Both libraries refuse model types that they don't know, and neither looks whether the graph is of that type; this one both know. Its image
 * processor is a plain one: resize, crop, rescale, normalise.
 */
const MODEL_TYPE = { model_type: "mobilenet_v2", architectures: ["MobileNetV2ForImageClassification"] };
const PROCESSOR_TYPE = { image_processor_type: "MobileNetV2ImageProcessor" };

export const transformers: Format = {
  says: "Hugging Face's transformers.js, and optimum in Python",
  takesPrecisions: true,
  files(child) {
    const { preprocessing } = child.certificate;
    return {
      ...modelFiles([child, ...child.others]),
      "config.json": jsonText(configOf(child)),
      "preprocessor_config.json": jsonText({ ...PROCESSOR_TYPE, ...preprocessing }),
      "labels.txt": labelsText(child.certificate),
      "README.md": cardOf(child),
    };
  },
};

/** transformers.js's name of a file's precision (its src/utils/dtypes.js). */
const dtypeOf = ({ certificate: { precision } }: ShippedFile): "fp32" | "fp16" | "q8" => {
  if (precision === "float32") return "fp32";
  return precision === "float16" ? "fp16" : "q8";
};

/** What it puts after a file's name. */
const suffixes = { fp32: "", fp16: "_fp16", q8: "_quantized" } as const;

const stemOf = (file: ShippedFile): string => `model${suffixes[dtypeOf(file)]}`;

const modelFiles = (files: readonly ShippedFile[]): FolderFiles =>
  Object.fromEntries(
    files.flatMap((file) => {
      const path = `onnx/${stemOf(file)}`;
      return [
        [`${path}.onnx`, file.bytes],
        [`${path}.json`, file.certificateBytes],
      ];
    }),
  );

/** Where a file lacks that the libraries load by default (fp32; q8 by WebAssembly), config.json names the one that is there. */
function configOf(child: ShippedChild): object {
  const { labels, preprocessing, architecture } = child.certificate;
  const dtypes = new Set([child, ...child.others].map(dtypeOf));
  const hasDefaults = dtypes.has("fp32") && dtypes.has("q8");
  return {
    ...MODEL_TYPE,
    num_channels: preprocessing.channels,
    image_size: architecture.resolution,
    id2label: Object.fromEntries(labels.entries()),
    label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
    ...(!hasDefaults && { "transformers.js_config": { dtype: dtypes.has("fp32") ? "fp32" : dtypeOf(child) } }),
  };
}

/** A model card: a README with what the Hub indexes by (huggingface.co/docs/hub/model-cards). */
function cardOf(child: ShippedChild): string {
  const { preprocessing, inputs } = child.certificate;
  const isGrey = preprocessing.channels === 1;
  const [batch] = inputs.pixel_values;
  // The libraries give a file the pictures of one call as they are; a free batch takes any number.
  const count = typeof batch === "number" ? batch : 1;
  const use = isGrey
    ? inJavaScript(", RawImage", '(await RawImage.read("photo.png")).grayscale()', count)
    : `${inJavaScript("", '"photo.jpg"', count)}\n\n${inPython(`${stemOf(child)}.onnx`, count)}`;
  const head = [
    "---",
    "library_name: transformers.js",
    "pipeline_tag: image-classification",
    "tags:",
    "- onnx",
    "- nestling",
  ];
  const more = [
    preprocessingSentence(child.certificate),
    "transformers.js shrinks a picture without antialiasing: of one that is larger than the input it says something else than what is certified.",
    ...(count > 1 ? [`The child's batch is fixed: give it ${count} pictures at a time.`] : []),
    ...(isGrey
      ? [
          "Python's pipelines make every picture RGB, which a child of grey pictures doesn't take: `nestling deploy --for python` does.",
        ]
      : []),
  ];
  return [...head, "---", readme(child, "An image classifier for Hugging Face's libraries:", use, more)].join("\n");
}

const inJavaScript = (alsoImported: string, picture: string, count: number): string =>
  `import { env, pipeline${alsoImported} } from "@huggingface/transformers";
env.localModelPath = "../";
const classify = await pipeline("image-classification", "transformers");
console.log(await classify(${count > 1 ? `Array(${count}).fill(${picture})` : picture}));`;

const inPython = (
  file: string,
  count: number,
): string => `from optimum.onnxruntime import ORTModelForImageClassification
from transformers import AutoImageProcessor, pipeline
model = ORTModelForImageClassification.from_pretrained(".", subfolder="onnx", file_name="${file}")
classify = pipeline("image-classification", model=model, image_processor=AutoImageProcessor.from_pretrained("."))
print(${count > 1 ? `classify(["photo.jpg"] * ${count}, batch_size=${count})` : 'classify("photo.jpg")'})`;
