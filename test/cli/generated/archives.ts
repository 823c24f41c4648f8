/** Files that hold many pictures, cut off at random places and with wrong fields: parquet, tar, IDX, CIFAR; and kinds that are not read. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import sharp from "sharp";
import { pack } from "tar-stream";
import { random } from "../../../src/base/random.js";
import { trainOn } from "../bad-data.js";
import type { BadInput } from "../bad-input.js";
import { cutAnywhere, times } from "./damage.js";

const png = await sharp(Buffer.alloc(192, 90), { raw: { width: 8, height: 8, channels: 3 } })
  .png()
  .toBuffer();

const files = (
  name: string,
  data: string,
  content: Readonly<Record<string, Uint8Array | string>>,
  ...says: (string | RegExp)[]
): BadInput => ({
  name,
  args: trainOn(data),
  says,
  async prepare({ write }) {
    for (const [path, bytes] of Object.entries(content)) await write(path, bytes);
  },
});

type Label = bigint | null;
interface Table {
  readonly image?: Uint8Array | null;
  readonly labels?: readonly Label[];
  readonly names?: readonly string[];
  readonly columns?: readonly [image: string, label: string];
  readonly metadata?: string;
}

/** Twelve pictures of two classes, as Hugging Face writes them. */
function parquet({
  image = png,
  labels = times(12, (i) => BigInt(i % 2)),
  names = ["cat", "dog"],
  columns: [imageName, labelName] = ["image", "label"],
  metadata = JSON.stringify({
    info: { features: { [imageName]: { _type: "Image" }, [labelName]: { names, _type: "ClassLabel" } } },
  }),
}: Table = {}): Buffer {
  const buffer = parquetWriteBuffer({
    schema: [
      { name: "root", num_children: 2 },
      { name: imageName, num_children: 2, repetition_type: "OPTIONAL" },
      { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
      { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      { name: labelName, type: "INT64", repetition_type: "OPTIONAL" },
    ],
    columnData: [
      { name: imageName, data: labels.map((_, i) => ({ bytes: image && new Uint8Array(image), path: `${i}.png` })) },
      { name: labelName, data: [...labels] },
    ],
    kvMetadata: [{ key: "huggingface", value: metadata }],
  });
  return Buffer.from(buffer);
}

const inParquet = (name: string, bytes: Uint8Array, ...says: (string | RegExp)[]): BadInput =>
  files(`parquet: ${name}`, "set", { "set/train.parquet": bytes }, "set/train.parquet", ...says);

function badParquet(seed: number): BadInput[] {
  const whole = parquet();
  return [
    ...times(6, (i) => {
      const cut = cutAnywhere(whole, random(seed, "parquet", i));
      return inParquet(`cut off after ${cut.length} of ${whole.length} bytes`, cut, "Fetch train.parquet again");
    }),
    inParquet(
      "a text",
      Buffer.from("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"),
      "git lfs pull",
    ),
    inParquet(
      "a label beyond the names",
      parquet({ names: ["cat"] }),
      /row \d+ is with label 1; want labels below 1/,
      "Write it with the names of all its classes",
    ),
    inParquet("a negative label", parquet({ labels: [0n, 1n, -7n, ...times(9, () => 0n)] }), "row 2 is with label -7"),
    inParquet("pictures without bytes", parquet({ image: null }), /row \d+ is not readable/, "no bytes of a picture"),
    inParquet("pictures that are text", parquet({ image: Buffer.from("a text") }), "no picture by its content"),
    inParquet(
      "a picture cut off",
      parquet({ image: cutAnywhere(png, random(seed, "row"), 0.9) }),
      /row \d+ is not readable/,
    ),
    inParquet("other columns", parquet({ columns: ["photo", "kind"], metadata: "{}" }), "with the columns photo, kind"),
    inParquet("metadata that is no JSON", parquet({ metadata: "{" }), "not readable"),
    files(
      "parquet: no label in any row",
      "set",
      { "set/train.parquet": parquet({ labels: times(12, () => null) }) },
      "set",
    ),
    files(
      "parquet: files of two data sets",
      "set",
      { "set/train.parquet": whole, "set/test.parquet": parquet({ names: ["dog", "cat"] }) },
      "of other classes than",
    ),
  ];
}

async function tarOf(entries: readonly (readonly [name: string, content: Uint8Array | string])[]): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of entries) archive.entry({ name }, Buffer.from(content));
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const samples = times(12, (i) => [[`${i}.png`, png] as const, [`${i}.cls`, `${i % 2}`] as const] as const).flat();
const shard = await tarOf(samples);
const unlabelled = await tarOf(samples.filter(([name]) => name !== "3.cls"));
const misnamed = await tarOf(samples.map(([name, content]) => [name.replace("cls", "lbl"), content] as const));
const textual = await tarOf(samples.map(([name, content]) => [name, name === "4.png" ? "a text" : content] as const));
const badJson = await tarOf(
  samples.map(
    ([name, content]) =>
      [
        name.replace("cls", "json"),
        name === "5.cls" ? "{" : name.endsWith("cls") ? `{"label": ${String(content)}}` : content,
      ] as const,
  ),
);
const labelsAlone = await tarOf(samples.filter(([name]) => name.endsWith("cls")));

const inTar = (name: string, bytes: Uint8Array, ...says: (string | RegExp)[]): BadInput =>
  files(`tar: ${name}`, "set", { "set/train.tar": bytes }, ...says);

function badTar(seed: number): BadInput[] {
  const end = shard.length - 1024;
  return [
    ...times(6, (i) => {
      const cut = cutAnywhere(shard.subarray(0, end), random(seed, "tar", i));
      return inTar(
        `cut off after ${cut.length} of ${shard.length} bytes`,
        cut,
        "set/train.tar is not readable",
        "fetch it again",
      );
    }),
    inTar(
      "cut off between two of its files",
      shard.subarray(0, 4 * 1024),
      "set/train.tar is not readable (its end is missing)",
    ),
    inTar("a pointer of Git LFS", Buffer.from("version https://git-lfs.github.com/spec/v1\n"), "git lfs pull"),
    inTar("packed", gzipSync(shard), "set/train.tar is not readable", "packed"),
    inTar(
      "a wrong header",
      Buffer.from(shard).fill("x", 2 * 512 + 148, 2 * 512 + 154),
      "set/train.tar is not readable",
    ),
    inTar("a text", Buffer.from("a text".repeat(200)), "set/train.tar is not readable"),
    inTar("a picture without a label", unlabelled, "set/train.tar: 3.png is without a label"),
    inTar("labels of another ending", misnamed, "is without a label", ".cls"),
    inTar("a text for a picture", textual, "set/train.tar: 4.png is not readable", "no picture by its content"),
    inTar("JSON cut off", badJson, "set/train.tar: 5.png is without a label"),
    inTar("labels alone", labelsAlone, "set"),
    inTar("nothing in it", Buffer.alloc(1024), "set"),
    files(
      "tar: packed as .tar.gz",
      "set.tar.gz",
      { "set.tar.gz": gzipSync(shard) },
      "set.tar.gz is a file",
      "It is packed: unpack it",
    ),
  ];
}

const idxNames = [
  "train-images-idx3-ubyte",
  "train-labels-idx1-ubyte",
  "t10k-images-idx3-ubyte",
  "t10k-labels-idx1-ubyte",
] as const;
const idxFiles = Object.fromEntries(
  idxNames.map((name) => [name, readFileSync(join("fixtures/fashion-mnist", `${name}.gz`))]),
);

function badIdx(seed: number): BadInput[] {
  return idxNames.flatMap((name) => {
    const packed = idxFiles[name]!;
    const plain = gunzipSync(packed);
    const draw = random(seed, name);
    const others = Object.fromEntries(
      Object.entries(idxFiles).flatMap(([other, bytes]) => (other === name ? [] : [[`set/${other}.gz`, bytes]])),
    );
    const changed = (what: string, bytes: Uint8Array, ending: string, ...says: (string | RegExp)[]): BadInput =>
      files(`IDX: ${name} ${what}`, "set", { ...others, [`set/${name}${ending}`]: bytes }, `set/${name}`, ...says);
    const cut = cutAnywhere(plain, draw);
    const cutPacked = cutAnywhere(packed, draw, 0.99);
    const count = Buffer.from(plain);
    count.writeUInt32BE(count.readUInt32BE(4) + 1 + draw.integer(100), 4);
    const magic = Buffer.from(plain);
    magic.writeUInt32BE(draw.integer(2 ** 31), 0);
    return [
      changed(`cut off after ${cut.length} bytes`, cut, "", /bytes long|magic number/),
      changed(`packed, cut off after ${cutPacked.length} bytes`, cutPacked, ".gz", "is not gzip, or cut off"),
      changed("of another count", count, "", "as its header says"),
      changed("of another magic number", magic, "", "with magic number"),
      changed("of zeros", new Uint8Array(plain.length), "", "with magic number 0"),
    ];
  });
}

function badCifar(seed: number): BadInput[] {
  const record = (label: number): Buffer => Buffer.from([label, ...Array<number>(3072).fill(7)]);
  const batch = Buffer.concat(times(4, record));
  const whole: Record<string, Uint8Array> = {
    ...Object.fromEntries(times(5, (i) => [`c/data_batch_${i + 1}.bin`, batch])),
    "c/test_batch.bin": batch,
  };
  return times(4, (i) => {
    const draw = random(seed, "cifar", i);
    const file = draw.pick(Object.keys(whole));
    const cut = cutAnywhere(batch, draw);
    const size = cut.length % 3073 === 0 ? cut.length + 1 : cut.length;
    const names = draw.integer(9);
    return [
      files(
        `CIFAR ${i}: a file cut off after ${size} bytes`,
        "cifar10:c",
        { ...whole, [file]: batch.subarray(0, size) },
        `${file} is ${size} bytes long`,
      ),
      files(
        `CIFAR ${i}: a label of no class`,
        "cifar10:c",
        { ...whole, [file]: record(10 + draw.integer(246)) },
        `${file} is with label`,
      ),
      files(
        `CIFAR ${i}: ${names} names`,
        "cifar10:c",
        { ...whole, "c/batches.meta.txt": "name\n".repeat(names) },
        `c/batches.meta.txt is with ${names} names`,
      ),
    ];
  }).flat();
}

/** Names of things that are given as data and are no data, and what is said of them. */
const others: readonly (readonly [name: string, says: string])[] = [
  ["photos.zip", "It is packed: unpack it"],
  ["photos.tgz", "It is packed: unpack it"],
  ["photos.tar.xz", "It is packed: unpack it"],
  ["photos.7z", "It is packed: unpack it"],
  ["train.tfrecord", "TensorFlow's records are not read"],
  ["train.tfrecord-00000-of-00004", "TensorFlow's records are not read"],
  ["data.yaml", "sort the pictures into class folders"],
  ["instances.json", "list them in a .csv or .jsonl file"],
  ["labels.txt", "Save it as .csv"],
  ["labels.xlsx", "Save it as .csv"],
  ["x_train.npy", "write each picture as a .png file"],
  ["set.h5", "write each picture as a .png file"],
  ["data_batch_1.pkl", "write each picture as a .png file"],
  ["cat.jpg", "It is one picture"],
];

const badKinds: readonly BadInput[] = [
  ...others.map(([name, says]) =>
    files(`data: ${name}`, name, { [name]: "a text" }, `the data set ${name} is a file`, says),
  ),
  ...others
    .filter(([name]) => name !== "cat.jpg")
    .map(([name, says]) =>
      files(
        `data: a folder with ${name}`,
        "set",
        { [`set/${name}`]: "a text" },
        `set is without class folders, with ${name}`,
        says.replace("It is", `${name} is`),
      ),
    ),
  ...["https://example.com/photos", "s3://bucket/photos", "hf://datasets/owner/set", "file:///photos"].map((address) =>
    files(
      `data: ${address}`,
      address,
      {},
      `the data set ${address} is missing`,
      "It is an address: download the pictures",
    ),
  ),
  files(
    "data: YOLO's folders",
    "set",
    { "set/images/1.png": png, "set/labels/1.txt": "0 .5 .5 1 1" },
    "as for detection",
  ),
  files(
    "data: YOLO's folders in parts",
    "set",
    {
      "set/train/images/1.png": png,
      "set/train/labels/1.txt": "0 .5 .5 1 1",
      "set/valid/images/1.png": png,
      "set/valid/labels/1.txt": "",
    },
    "as for detection",
  ),
];

export const badArchives = (seed: number): BadInput[] => [
  ...badParquet(seed),
  ...badTar(seed),
  ...badIdx(seed),
  ...badCifar(seed),
  ...badKinds,
];
