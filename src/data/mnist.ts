/** Fashion-MNIST and MNIST: from a folder, from Debian's package, or downloaded into a cache with their hashes checked. */
import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { writeFileAtomic } from "../base/atomic-file.js";
import { sha256Of } from "../base/hash.js";
import { UserError } from "../base/user-error.js";
import { makeDataset } from "./dataset.js";
import { idxNames, readIdx } from "./idx.js";
import type { Dataset } from "./images.js";

interface Source {
  readonly classes: readonly string[];
  /** Where a system package puts it. */
  readonly packaged?: { readonly folder: string; readonly name: string };
  readonly url: string;
  /** SHA-256 of the unpacked files, in the order of `idxNames`. */
  readonly sha256: Readonly<Record<(typeof idxNames)[keyof typeof idxNames][number], string>>;
}

const digits = Array.from({ length: 10 }, (_, digit) => `${digit}`);
export const fashionClasses: readonly string[] = [
  ...["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"],
  ...["Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"],
];

export const sources: Readonly<Record<"fashion-mnist" | "mnist", Source>> = {
  "fashion-mnist": {
    classes: fashionClasses,
    packaged: { folder: "/usr/share/datasets/fashion-mnist", name: "dataset-fashion-mnist" },
    url: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
    sha256: {
      "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
      "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
      "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
      "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    },
  },
  mnist: {
    classes: digits,
    url: "https://ossci-datasets.s3.amazonaws.com/mnist",
    sha256: {
      "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
      "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
      "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
      "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
  },
};

/** A folder of the four IDX files: those of a known data set have its classes, others classes by number. */
export async function loadIdxFolder(name: string, folder: string, classes: readonly string[]): Promise<Dataset> {
  const [train, test] = await Promise.all([
    readIdx(folder, "train", classes.length),
    readIdx(folder, "test", classes.length),
  ]);
  return makeDataset(name, classes, train, test);
}

/**
 * @param mirror where to download from instead of the official place
 * @throws UserError `data/download` saying what was tried and how to get the files otherwise
 */
export async function loadMnist(name: keyof typeof sources, mirror = process.env["NESTLING_MIRROR"]): Promise<Dataset> {
  const source = sources[name];
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "nestling", name);
  const folders = [source.packaged?.folder, cache].filter((folder) => folder !== undefined);
  for (const folder of folders) {
    if (await isFolderOf(folder)) return loadIdxFolder(name, folder, source.classes);
  }
  for (const file of Object.values(idxNames).flat()) {
    await download(`${mirror ?? source.url}/${file}.gz`, join(cache, `${file}.gz`), source.sha256[file], name);
  }
  return loadIdxFolder(name, cache, source.classes);
}

/** Whether all four files are there. */
async function isFolderOf(folder: string): Promise<boolean> {
  const found = await Promise.all(
    Object.values(idxNames)
      .flat()
      .flatMap((file) => [join(folder, file), join(folder, `${file}.gz`)])
      .map((path) =>
        stat(path).then(
          () => 1,
          () => 0,
        ),
      ),
  );
  return found.reduce<number>((sum, one) => sum + one, 0) >= 4;
}

async function download(url: string, path: string, sha256: string, name: keyof typeof sources): Promise<void> {
  if (
    await stat(path).then(
      () => true,
      () => false,
    )
  )
    return;
  const packaged = sources[name].packaged;
  const otherwise = packaged
    ? `On Debian: apt-get install ${packaged.name}. Or give a folder with the files: --data ${name}:FOLDER.`
    : `Give a folder with the files: --data ${name}:FOLDER.`;
  const fail = (got: string, want: string, cause?: unknown): UserError =>
    new UserError("data/download", { at: url, got, want, fix: otherwise }, { cause });
  const response = await fetch(url).catch((error: unknown) => {
    throw fail("not reachable", "a download", error);
  });
  if (!response.ok) throw fail(`answered with ${response.status}`, "a download");
  const bytes = new Uint8Array(await response.arrayBuffer());
  let content: Uint8Array;
  try {
    content = gunzipSync(bytes);
  } catch (error) {
    throw fail("not gzip", "the official file", error);
  }
  const found = sha256Of(content);
  if (found !== sha256) throw fail(`with SHA-256 ${found}`, `SHA-256 ${sha256}`);
  await writeFileAtomic(path, bytes);
}
