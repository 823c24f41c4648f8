/** The page in Chromium, from a plain server under a path, with the network cut: it says of pictures what the Node project says of them. */
import { execFile } from "node:child_process";
import { createServer, type Server } from "node:http";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { chromium, type Browser, type Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadDataset } from "../../src/data/load.js";
import { exportChild } from "../../src/deploy/export-child.js";
import type { Answer } from "../../src/format/code/classifier.js";
import { deployChildren } from "../../src/format/deploy-child.js";
import { openRun } from "../../src/run/run.js";
import { biggest } from "../../src/space/space.js";
import { parseSpace } from "../../src/supernet/spaces.js";
import { mockTarget } from "../../src/target/mock.js";
import { train } from "../../src/train/train.js";
import { missing, python } from "../judges/judges.js";
import { executablePath, hasChromium, howToGet } from "../target/browser/chromium.js";
import { tinyRecipe, tinySpace } from "../train/tiny.js";

/** WebAssembly and the processor's own code round in another order. */
const TOLERANCE = 1e-5;
const PATH = "/some/where/";
const unless = hasChromium ? "" : ` (skipped: ${howToGet})`;
const classes = ["ash", "beech", "cherry & plum"];

let folder: string;
let server: Server;
let browser: Browser;
let site: string;
beforeAll(async () => {
  if (!hasChromium) return;
  folder = await mkdtemp(join(tmpdir(), "nestling-web-"));
  await makeDeployed();
  server = createServer((request, response) => {
    void plainly(request.url ?? "").then((found) => {
      response.writeHead(found ? 200 : 404, found && { "content-type": found.type });
      response.end(found?.bytes);
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  site = `http://localhost:${(server.address() as AddressInfo).port}`;
  const fakeCamera = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"];
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox", ...fakeCamera] });
});
afterAll(async () => {
  if (!hasChromium) return;
  await browser.close();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

/** The page and the Node project of a child of colours that is judged on the middle of bicubic pictures. */
async function makeDeployed(): Promise<void> {
  const source = join(folder, "pictures");
  for (const split of ["train", "test"]) {
    for (const [seed, name] of classes.entries()) {
      await mkdir(join(source, split, name), { recursive: true });
      for (let i = 0; i < 16; i++) await waves(40, 32, 16 * seed + i).toFile(join(source, split, name, `${i}.png`));
    }
  }
  const space = parseSpace({ ...tinySpace.data, channels: 3, classes: 3, resolutions: [16, 32] }, "test");
  const data = await loadDataset(source, { size: 32, channels: 3 });
  const recipe = tinyRecipe({ batch: 16, evaluation: { cropShare: 0.875, interpolation: "bicubic" } });
  await train({ space, data, source, recipe, out: join(folder, "run"), steps: 2 });
  const child = { out: join(folder, "<child>.onnx"), target: mockTarget({ msOf: () => 1 }) };
  await exportChild(await openRun(join(folder, "run")), biggest(space), {
    ...child,
    recalibrationImages: 16,
    seconds: 1,
  });
  await deployChildren([child.out], { formats: ["web", "node"], out: folder });
  await symlink(resolve("node_modules"), join(folder, "node/node_modules"));
}

/** A picture without a noise that JPEG would make its own. */
function waves(width: number, height: number, seed: number): ReturnType<typeof sharp> {
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
    return 120 + 80 * Math.sin((x * 9) / width + c + seed) + 40 * Math.cos((y * 11) / height + seed * c);
  });
  return sharp(pixels, { raw: { width, height, channels: 3 } }).png();
}

/** What a server that knows little else answers, and none of the headers that isolate a page. */
const types: Readonly<Record<string, string>> = {
  ...{ ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json" },
};
async function plainly(url: string): Promise<{ readonly bytes: Uint8Array; readonly type: string } | undefined> {
  if (!url.startsWith(PATH)) return undefined;
  const path = url.slice(PATH.length) || "index.html";
  const bytes = await readFile(join(folder, "web", path)).catch(() => undefined);
  return bytes && { bytes, type: types[extname(path)] ?? "application/octet-stream" };
}

/** The page when it is ready, and what it has asked for. */
async function openPage(): Promise<{ page: Page; asked: string[] }> {
  const page = await browser.newPage();
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(site + PATH);
  await page.getByText("Ready").waitFor();
  return { page, asked };
}

const drop = async (page: Page, bytes: Uint8Array, name: string): Promise<void> => {
  const dropped = await page.evaluateHandle<unknown>(`(() => {
    const transfer = new DataTransfer();
    const bytes = Uint8Array.from(atob("${Buffer.from(bytes).toString("base64")}"), (c) => c.charCodeAt(0));
    transfer.items.add(new File([bytes], "${name}"));
    return transfer;
  })()`);
  await page.dispatchEvent("body", "drop", { dataTransfer: dropped });
};

const shown = async (page: Page, name: string): Promise<Answer[]> => {
  await page
    .getByRole("status")
    .filter({ hasText: `${name}:` })
    .waitFor();
  const labels = await page.locator("#answers li span").allTextContents();
  const shares = await Promise.all((await page.locator("#answers data").all()).map((of) => of.getAttribute("value")));
  return labels.map((label, i) => ({ label, probability: Number(shares[i]) }));
};

type Classify = (picture: Uint8Array) => Promise<Answer[]>;
/** The Node project's. */
async function nodeClassify(): Promise<Classify> {
  const { classify } = (await import(pathToFileURL(join(folder, "node/classify.js")).href)) as { classify: Classify };
  return classify;
}

const difference = (found: readonly Answer[], wanted: readonly Answer[]): number =>
  Math.max(
    ...wanted.map((of) => Math.abs(of.probability - found.find(({ label }) => label === of.label)!.probability)),
  );

test.skipIf(!hasChromium)(
  `pictures of all sizes, turned and grey, say what the Node project says; the network is cut${unless}`,
  async () => {
    const { page, asked } = await openPage();
    expect(asked.every((url) => url.startsWith(site + PATH))).toBe(true);
    await page.context().setOffline(true);
    const pictures = {
      "own.png": waves(32, 32, 1),
      "small.png": waves(9, 7, 2),
      "wide.png": waves(301, 203, 3),
      "tall.png": waves(40, 173, 4).greyscale(),
      "photo.jpg": waves(400, 267, 5).resize(1200, 801).jpeg({ quality: 90 }),
      "turned.jpg": waves(320, 240, 6).jpeg().withMetadata({ orientation: 6 }),
      "mirrored.jpg": waves(123, 200, 7).jpeg().withMetadata({ orientation: 5 }),
      "lossless.webp": waves(123, 200, 8).webp({ lossless: true }),
      "huge.jpg": waves(200, 150, 9).resize(5000, 3750).jpeg(),
    };
    const classify = await nodeClassify();
    for (const [name, picture] of Object.entries(pictures)) {
      const bytes = await picture.toBuffer();
      await drop(page, bytes, name);
      const [found, wanted] = [await shown(page, name), await classify(bytes)];
      expect(
        found.map(({ label }) => label),
        name,
      ).toEqual(wanted.map(({ label }) => label));
      expect(difference(found, wanted), name).toBeLessThan(TOLERANCE);
    }
    await page.close();
  },
);

test.skipIf(!hasChromium || missing)(
  `of pictures of every kind only what docs/deploying.md names is read otherwise, or not at all${unless || missing}`,
  async () => {
    const source = join(folder, "kinds");
    await promisify(execFile)(python, [resolve("test/judges/make_pictures.py"), source]);
    const { page } = await openPage();
    const classify = await nodeClassify();
    const other: string[] = [];
    const names = await readdir(join(source, "test/ash"));
    for (const name of names.filter((of) => !of.startsWith("size-"))) {
      const bytes = await readFile(join(source, "test/ash", name));
      await drop(page, bytes, name);
      await page.getByRole("status").filter({ hasText: name }).waitFor();
      const isRead = !(await page.getByRole("status").innerText()).includes("can't read");
      const isSame = isRead && difference(await shown(page, name), await classify(bytes)) < TOLERANCE;
      if (!isSame) other.push(isRead ? name : `${name}: not read`);
    }
    const seeThrough = /alpha|^see-through\.gif|^frame/;
    const turnedOtherwise = /^turned-.\.webp|^xmp|^before-(?:magick|xmp)|^after-/;
    const named = [seeThrough, turnedOtherwise, /^cmyk\.jpg|\.tif: not read/];
    expect(other.filter((name) => !named.some((kind) => kind.test(name)))).toEqual([]);
    expect(other).toContain("packed.tif: not read");
    await page.close();
  },
);

test.skipIf(!hasChromium)(
  `the page says how near this browser is to the certificate, and what it can't read${unless}`,
  async () => {
    const { page } = await openPage();
    expect(await page.title()).toBe("<child>");
    await page.getByText("What is certified", { exact: true }).click();
    expect(await page.locator("#facts").innerText()).toContain("computes what is certified: largest difference");
    await drop(page, Buffer.from("words"), "notes.png");
    await page.getByText("This browser can't read notes.png as a picture.").waitFor();
    expect(await page.$$("#answers li")).toEqual([]);
    await page.close();
  },
);

test.skipIf(!hasChromium)(
  `the camera's frames are classified until it is stopped, or a picture is chosen${unless}`,
  async () => {
    const { page } = await openPage();
    await page.getByRole("button", { name: "Use the camera" }).click();
    await page.locator("#answers li").nth(2).waitFor();
    await page.getByRole("button", { name: "Stop the camera" }).click();
    await page.getByText("The camera is off.").waitFor();
    await page.getByRole("button", { name: "Use the camera" }).click();
    await page.getByRole("button", { name: "Stop the camera" }).waitFor();
    const file = { name: "chosen.png", mimeType: "image/png", buffer: await waves(50, 40, 1).toBuffer() };
    await page.getByLabel("Choose a picture").setInputFiles(file);
    expect(await shown(page, "chosen.png")).toHaveLength(classes.length);
    expect(await page.getByRole("button", { name: "Use the camera" }).isVisible()).toBe(true);
    expect(await page.locator("#camera").isVisible()).toBe(false);
    await page.close();
  },
);

test.skipIf(!hasChromium)(`a model that was replaced without its certificate is refused${unless}`, async () => {
  const model = join(folder, "web/model.onnx");
  const own = await readFile(model);
  await writeFile(model, await readFile(join(folder, "web/onnxruntime-web/LICENSE")));
  const page = await browser.newPage();
  await page.goto(site + PATH);
  await page.getByText("model.onnx is not the file that model.json is of").waitFor();
  await page.close();
  await writeFile(model, own);
});
