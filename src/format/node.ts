/** A Node project with the preprocessing right: onnxruntime-node and sharp. Its code is src/format/code, compiled. */
import { createRequire } from "node:module";
import { jsonText } from "../base/atomic-file.js";
import { ONNXRUNTIME, onnxruntimeWanted } from "../install/onnxruntime-package.js";
import { CERTIFICATE, MODEL, preprocessingSentence, probeFiles, readme } from "./child-files.js";
import { codeLicence } from "./code-licence.js";
import type { Format } from "./format.js";
import { codeOf, pictureCodeOf } from "./shipped-code.js";

const { dependencies } = createRequire(import.meta.url)("../../package.json") as {
  readonly dependencies: Readonly<Record<string, string>>;
};

export const node: Format = {
  says: "a Node project with onnxruntime-node and sharp",
  files: async (child) => ({
    [MODEL]: child.bytes,
    [CERTIFICATE]: child.certificateBytes,
    ...probeFiles(child),
    "classify.js": await codeOf("node/classify.js"),
    "check.js": await codeOf("node/check.js"),
    "classifier.js": await codeOf("classifier.js"),
    "pixels.js": await codeOf("pixels.js"),
    "orientation.js": await pictureCodeOf("orientation.js"),
    "gif.js": await pictureCodeOf("gif.js"),
    "package.json": jsonText({
      ...{ name: "classifier", private: true, type: "module" },
      dependencies: { [ONNXRUNTIME]: onnxruntimeWanted, sharp: dependencies["sharp"] },
    }),
    // npm of any version heeds it; neither package needs its script, and onnxruntime's fails where it can't fetch.
    ".npmrc": "ignore-scripts=true\n",
    LICENSE: codeLicence(),
    "README.md": readme(
      child,
      "An image classifier for Node 20 and newer:",
      "npm install\nnode check.js\nnode classify.js photo.jpg",
      [
        `${preprocessingSentence(child.certificate).replace(": `preprocessor_config.json`", "")} All of it is in \`${CERTIFICATE}\`.`,
        "`.npmrc` keeps onnxruntime's install script from fetching CUDA, which is not used. The code is under the LICENSE beside it; the weights are yours.",
      ],
    ),
  }),
};
