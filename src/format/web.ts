/** A static page without a build step: its code is src/format/code/web, compiled, and its runtime onnxruntime-web's own files. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { onnxruntimeWeb } from "../target/browser/onnxruntime-web.js";
import { CERTIFICATE, labelsText, MODEL, probeFiles, readme } from "./child-files.js";
import { codeLicence } from "./code-licence.js";
import type { FolderFiles, Format } from "./format.js";
import { codeOf } from "./shipped-code.js";
import { pageHtml } from "./web/page.js";
import { pageStyle } from "./web/style.js";

/** By their names in the folder, paths in src/format/code. */
const scripts = {
  ...{ classifier: "classifier", pixels: "pixels" },
  ...{ camera: "web/camera", classify: "web/classify", main: "web/main", picture: "web/picture" },
  ...{ view: "web/view", worker: "web/worker" },
};

async function codeFiles(): Promise<FolderFiles> {
  const files = Object.entries(scripts).map(async ([name, path]) => [`code/${name}.js`, await codeOf(`${path}.js`)]);
  return Object.fromEntries(await Promise.all(files)) as FolderFiles;
}

const WASM = "ort-wasm-simd-threaded.wasm";

/** The CPU's bundle, in two files. It is named `.js`: servers that don't know `.mjs` send it as what browsers refuse to run. */
async function runtimeFiles(): Promise<FolderFiles> {
  const { version, folder } = await onnxruntimeWeb();
  const bundle = await readFile(join(folder, "dist/ort.wasm.bundle.min.mjs"), "utf8");
  return {
    "onnxruntime-web/ort.js": bundle.replace(/\/\/# sourceMappingURL=.*\n?/, ""),
    [`onnxruntime-web/${WASM}`]: await readFile(join(folder, "dist", WASM)),
    "onnxruntime-web/LICENSE": licenceOf(version),
  };
}

export const web: Format = {
  says: "any web server: a page that classifies pictures and the camera, offline",
  carries: ["onnxruntime-web"],
  needs: onnxruntimeWeb,
  files: async (child) => ({
    [MODEL]: child.bytes,
    [CERTIFICATE]: child.certificateBytes,
    "labels.txt": labelsText(child.certificate),
    ...probeFiles(child),
    "index.html": pageHtml(child.name),
    "code/style.css": pageStyle,
    ...(await codeFiles()),
    ...(await runtimeFiles()),
    LICENSE: codeLicence(),
    "README.md": readme(
      child,
      "A page that classifies pictures, for any web server and under any path:",
      "npx --yes http-server . -p 8080        # or: python3 -m http.server 8080\n# then open http://localhost:8080",
      [
        "Nothing is built, nothing comes from elsewhere, and no picture leaves the browser; a server needs no special headers. Opened as a file it does not start: browsers run modules only from servers. They give the camera only to https and localhost.",
        `Pictures are prepared as the certificate says: \`${CERTIFICATE}\`. The code is under the LICENSE beside it, onnxruntime-web under its own; the weights are yours.`,
      ],
    ),
  }),
};

/** Its package has no file of it. */
const licenceOf = (version: string): string => `onnxruntime-web ${version}
https://github.com/microsoft/onnxruntime (notices of third parties: its ThirdPartyNotices.txt)

MIT License

Copyright (c) Microsoft Corporation

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`;
