/** The data sets of IDX files that have names for their classes: recognised by name, or by the content of their files. */
import type { idxNames } from "./idx.js";

interface KnownIdx {
  readonly classes: readonly string[];
  /** Where a system package puts it. */
  readonly packaged?: { readonly folder: string; readonly name: string };
  readonly url: string;
  /** SHA-256 of the unpacked files, in the order of `idxNames`. */
  readonly sha256: Readonly<Record<(typeof idxNames)[keyof typeof idxNames][number], string>>;
}

const digits = Array.from({ length: 10 }, (_, digit) => `${digit}`);
export const fashionClasses: readonly string[] = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
];

export const knownIdx: Readonly<Record<"fashion-mnist" | "mnist", KnownIdx>> = {
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

/**
 * The names of classes of a known data set.
 * @param labelsSha256 of the file of training labels, unpacked: its order is the data set's own
 */
export function knownClasses(labelsSha256: string): readonly string[] | undefined {
  const known = Object.values(knownIdx).find(({ sha256 }) => sha256["train-labels-idx1-ubyte"] === labelsSha256);
  return known?.classes;
}
