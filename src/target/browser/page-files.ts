/** What the page's server gives away: these files and no others, each by its whole path. No path of a request is ever joined to a folder. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { onnxruntimeWeb } from "./onnxruntime-web.js";
import { shell } from "./shell.js";

export interface PageFile {
  readonly type: "text/html" | "text/javascript" | "application/wasm";
  /** Whether it is served without the token. */
  readonly isOpen: boolean;
  /** Whether a browser may keep it: its path names its version. */
  readonly isKept: boolean;
  read(): Promise<Uint8Array>;
}

/** Our own, in dist: the page's scripts and what they import. */
const scripts = [
  ...[
    "boot",
    "calls",
    "console-lines",
    "facts",
    "main",
    "messages",
    "model",
    "placement",
    "placement-lines",
    "rounds",
    "runtime",
    "timer",
    "user-agent",
    "view",
    "worker",
  ].map((name) => `target/browser/page/${name}`),
  ...["target/browser/protocol", "target/agent/outputs", "target/run-rounds", "target/placement", "base/random"],
];
const openScript = "target/browser/page/boot";

/** From onnxruntime-web: one bundle a provider, and what that loads. Never the default one, whose WebGPU is the old one. */
const runtimeFiles = [
  ...["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"],
  ...["ort.webgpu.min.mjs", "ort-wasm-simd-threaded.asyncify.mjs", "ort-wasm-simd-threaded.asyncify.wasm"],
];

/** @throws UserError `target/onnxruntime-web` where it isn't installed */
export async function pageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const { version, folder } = await onnxruntimeWeb();
  const script = "text/javascript";
  const dist = dirname(createRequire(import.meta.url).resolve("#browser-page"));
  const files = new Map<string, PageFile>();
  const runtimePath = `/onnxruntime-web-${version}/`;
  const html = new TextEncoder().encode(shell(`/${openScript}.js`, runtimePath));
  files.set("/", { type: "text/html", isOpen: true, isKept: false, read: async () => html });
  for (const name of scripts) {
    const file = join(dist, "../../..", `${name}.js`);
    files.set(`/${name}.js`, { type: script, isOpen: name === openScript, isKept: false, read: () => readFile(file) });
  }
  for (const name of runtimeFiles) {
    const type = name.endsWith(".wasm") ? "application/wasm" : script;
    const file = join(folder, "dist", name);
    files.set(runtimePath + name, { type, isOpen: false, isKept: true, read: () => readFile(file) });
  }
  return files;
}
