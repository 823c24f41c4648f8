/** A folder for Hugging Face's libraries, loaded by transformers.js in Node and in a browser, with a child in three precisions. */
import { env, pipeline, RawImage } from "@huggingface/transformers";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, extname, join, resolve } from "node:path";
import { chromium } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PrecisionName } from "../../src/compile/precisions.js";
import type { Certificate } from "../../src/deploy/certificate.js";
import { exportChild } from "../../src/deploy/export-child.js";
import { normalized } from "../../src/format/code/pixels.js";
import { deployChildren } from "../../src/format/deploy-child.js";
import { verifyFolder } from "../../src/format/verify-folder.js";
import { openRun } from "../../src/run/run.js";
import { biggest } from "../../src/space/space.js";
import { mockTarget } from "../../src/target/mock.js";
import { makeFinishedRun } from "../cli/finished-run.js";
import { executablePath, hasChromium, howToGet } from "../target/browser/chromium.js";

const require = createRequire(import.meta.url);
const IMAGES = 500;
/** transformers.js's names of precisions. */
const dtypes = { fp32: "float32", fp16: "float16", q8: "int8-x64" } as const satisfies Record<string, PrecisionName>;
type Dtype = keyof typeof dtypes;
const suffixes = { fp32: "", fp16: "_fp16", q8: "_quantized" } as const;

let folder: string;
let deployed: string;
/** Test images of the child's size as PNG, and their bytes. */
let pictures: string[];
let pixels: Uint8Array;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nestling-transformers-"));
  const run = await openRun(await makeFinishedRun(folder), resolve("fixtures/fashion-mnist"));
  const target = mockTarget({ msOf: () => 1 });
  const files: string[] = [];
  for (const precision of Object.values(dtypes)) {
    const out = join(folder, precision === "float32" ? "child.onnx" : `child.${precision}.onnx`);
    await exportChild(run, biggest(run.supernet.space), {
      ...{ out, precision, target, recalibrationImages: 64, seconds: 1 },
    });
    files.push(out);
  }
  deployed = (await deployChildren(files, { formats: ["transformers"], out: folder }))[0]!.folder;
  const side = biggest(run.supernet.space).resolution;
  const images = Array.from({ length: IMAGES }, (_, i) => i);
  pixels = await run.data.test.read(images, side);
  pictures = await Promise.all(
    images.map(async (i) => {
      const path = join(folder, `${i}.png`);
      const raw = { width: side, height: side, channels: 1 } as const;
      await sharp(pixels.subarray(i * side ** 2, (i + 1) * side ** 2), { raw }).toFile(path);
      return path;
    }),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const certificateOf = async (dtype: Dtype): Promise<Certificate> =>
  JSON.parse(await readFile(join(deployed, `onnx/model${suffixes[dtype]}.json`), "utf8")) as Certificate;

/** What the very file computes of the very bytes: [images, classes] of probabilities. */
async function certified(dtype: Dtype): Promise<number[][]> {
  const { preprocessing } = await certificateOf(dtype);
  const session = await InferenceSession.create(join(deployed, `onnx/model${suffixes[dtype]}.onnx`));
  const { height, width } = preprocessing.crop_size;
  const input = new Tensor("float32", normalized(pixels, IMAGES, preprocessing), [IMAGES, 1, height, width]);
  const { logits } = await session.run({ pixel_values: input });
  await session.release();
  const [, classes] = logits!.dims as [number, number];
  return Array.from({ length: IMAGES }, (_, i) =>
    softmax(Array.from(logits!.data.slice(i * classes, (i + 1) * classes) as Float32Array)),
  );
}

function softmax(logits: readonly number[]): number[] {
  const most = Math.max(...logits);
  const shares = logits.map((logit) => Math.exp(logit - most));
  const sum = shares.reduce((a, b) => a + b);
  return shares.map((share) => share / sum);
}

const first = (row: readonly number[]): number => row.indexOf(Math.max(...row));

interface Answer {
  readonly label: string;
  readonly score: number;
}
/** Probabilities in the order of the labels. */
const ordered = (answers: readonly Answer[], labels: readonly string[]): number[] =>
  labels.map((label) => answers.find((answer) => answer.label === label)!.score);

function expectSame(found: readonly number[][], wanted: readonly number[][], tolerance: number): void {
  const differences = found.flatMap((row, i) => row.map((share, k) => Math.abs(share - wanted[i]![k]!)));
  expect(Math.max(...differences)).toBeLessThan(tolerance);
  const same = found.filter((row, i) => first(row) === first(wanted[i]!)).length;
  expect(same).toBeGreaterThanOrEqual(0.995 * found.length);
}

test("the folder is what its certificates say, of all three files", async () => {
  const { passed, checks } = await verifyFolder(deployed);
  expect(passed).toBe(true);
  expect(checks.filter(({ name }) => name === "probe")).toHaveLength(3);
  const model = join(deployed, "onnx/model_fp16.onnx");
  const own = await readFile(model);
  await writeFile(model, await readFile(join(deployed, "onnx/model.onnx")));
  expect((await verifyFolder(deployed)).passed).toBe(false);
  await writeFile(model, own);
});

test.each(["fp32", "fp16", "q8"] as const)(
  "transformers.js in Node says of PNGs what is certified of their bytes: %s",
  async (dtype) => {
    env.localModelPath = folder;
    env.allowRemoteModels = false;
    const classify = await pipeline("image-classification", "transformers", { dtype });
    const { labels } = await certificateOf(dtype);
    const found: number[][] = [];
    for (const path of pictures) {
      const picture = (await RawImage.read(path)).grayscale();
      found.push(ordered(await classify(picture, { top_k: labels.length }), labels));
    }
    await classify.dispose();
    expectSame(found, await certified(dtype), 1e-5);
  },
);

test("a child with a fixed batch is called with so many pictures, as its README does", async () => {
  const run = await openRun(await makeFinishedRun(join(folder, "fixed-run")), resolve("fixtures/fashion-mnist"));
  const out = join(folder, "fixed.onnx");
  const target = mockTarget({ msOf: () => 1 });
  await exportChild(run, biggest(run.supernet.space), {
    ...{ out, target, staticBatch: 3, recalibrationImages: 64, seconds: 1 },
  });
  const [written] = await deployChildren([out], { formats: ["transformers"], out: join(folder, "fixed") });
  const readme = await readFile(join(written!.folder, "README.md"), "utf8");
  expect(readme).toContain('await classify(Array(3).fill((await RawImage.read("photo.png")).grayscale()))');
  env.localModelPath = dirname(written!.folder);
  env.allowRemoteModels = false;
  const classify = await pipeline("image-classification", "transformers", { dtype: "fp32" });
  const pictureOf = async (path: string): Promise<RawImage> => (await RawImage.read(path)).grayscale();
  const answers: unknown[] = await classify(Array<RawImage>(3).fill(await pictureOf(pictures[0]!)));
  await classify.dispose();
  expect(answers).toHaveLength(3);
  expect(answers[2]).toEqual(answers[0]);
});

/** An address without a server: what the page asks for is read from these folders, and all else is refused. */
const SITE = "https://site.test";
const types: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

test.skipIf(!hasChromium)(
  `transformers.js in Chromium, offline, takes the int8 file by itself and says the same${hasChromium ? "" : ` (skipped: ${howToGet})`}`,
  async () => {
    const library = dirname(require.resolve("@huggingface/transformers"));
    const itsOwn = createRequire(join(library, "index.js"));
    const places = new Map([
      [`${SITE}/a/b/models/transformers/`, deployed],
      [`${SITE}/lib/`, library],
      [`${SITE}/ort/`, dirname(itsOwn.resolve("onnxruntime-web/webgpu"))],
      [`${SITE}/common/`, join(dirname(itsOwn.resolve("onnxruntime-common")), "../esm")],
      [`${SITE}/pictures/`, folder],
    ]);
    const importmap = {
      imports: {
        "onnxruntime-web/webgpu": `${SITE}/ort/ort.webgpu.bundle.min.mjs`,
        "onnxruntime-common": `${SITE}/common/index.js`,
      },
    };
    const head = `<script type="importmap">${JSON.stringify(importmap)}</script>`;
    const pages = new Map([
      [`${SITE}/`, { body: head, contentType: "text/html" }],
      [`${SITE}/page.js`, { body: pageModule, contentType: "text/javascript" }],
    ]);
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    try {
      const page = await browser.newPage();
      const asked: string[] = [];
      await page.route("**/*", async (route) => {
        const url = route.request().url().split("?")[0]!;
        asked.push(url);
        const written = pages.get(url);
        if (written) return route.fulfill(written);
        const place = [...places.keys()].find((start) => url.startsWith(start));
        const body =
          place && (await readFile(join(places.get(place)!, url.slice(place.length))).catch(() => undefined));
        if (body) return route.fulfill({ body, contentType: types[extname(url)] ?? "application/octet-stream" });
        return route.fulfill({ status: 404, body: "" });
      });
      await page.goto(`${SITE}/`);
      const answers = await page.evaluate<Answer[][]>(`import("${SITE}/page.js").then((page) => page.answers(50))`);
      const { labels } = await certificateOf("q8");
      const found = answers.map((row) => ordered(row, labels));
      expectSame(found, (await certified("q8")).slice(0, found.length), 2e-2);
      expect(asked).toContain(`${SITE}/a/b/models/transformers/onnx/model_quantized.onnx`);
    } finally {
      await browser.close();
    }
  },
);

/** A module of the page's own. */
const pageModule = `
import { env, pipeline, RawImage } from "${SITE}/lib/transformers.web.js";
env.localModelPath = "/a/b/models/"; // a path: the library looks for no processor at an address
env.allowLocalModels = true;
env.allowRemoteModels = false;
env.backends.onnx.wasm.wasmPaths = "${SITE}/ort/";
export async function answers(count) {
  const classify = await pipeline("image-classification", "transformers");
  const rows = [];
  for (let i = 0; i < count; i++) {
    const picture = (await RawImage.read("${SITE}/pictures/" + i + ".png")).grayscale();
    rows.push(await classify(picture, { top_k: 10 }));
  }
  return rows;
}
`;
