/** Lists, parquet files and tar shards: each has the pictures and labels of one small data set, and says what is wrong with it by file and row. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { pack } from "tar-stream";
import { describe, expect, test } from "vitest";
import { loadDataset } from "../../src/data/load.js";
import type { Dataset, Images } from "../../src/data/images.js";
import { firsts } from "./all-pixels.js";
import { folderOf, picture, SIDE } from "./picture-folder.js";

const wishes = { size: SIDE, channels: 1 } as const;

/** Pictures of one grey each: [grey, class, part]. */
const samples = [
  [10, "cat", "train"],
  [20, "dog", "train"],
  [11, "cat", "train"],
  [30, "dog", "test"],
  [40, "cat", "valid"],
  [41, "dog", "valid"],
] as const;
const classes = ["cat", "dog"];
const files = Object.fromEntries(
  await Promise.all(samples.map(async ([grey]) => [`p/${grey}.png`, await picture([grey])] as const)),
);
const csv = ["path,label,split", ...samples.map(([grey, name, part]) => `p/${grey}.png,${name},${part}`)].join("\n");

const greys = async (images: Images): Promise<number[]> => (await firsts(images)).map(([first]) => first!);

/** What every source of these samples must give. */
async function expectSamples({ classes: found, train, test: held, validation }: Dataset): Promise<void> {
  expect(found).toEqual(classes);
  expect([await greys(train), [...train.labels], [...validation!]]).toEqual([
    [10, 11, 20, 40, 41],
    [0, 0, 1, 0, 1],
    [3, 4],
  ]);
  expect([await greys(held), [...held.labels]]).toEqual([[30], [1]]);
}

const refused = (source: string, code: string, ...messages: readonly RegExp[]): Promise<void> =>
  expect(loadDataset(source, wishes)).rejects.toSatisfy((error: Error & { code?: string }) => {
    expect(error.code, error.stack).toBe(code);
    for (const message of messages) expect(error.message).toMatch(message);
    return true;
  });

describe("lists", () => {
  const listOf = async (name: string, text: string | Buffer): Promise<string> =>
    join(await folderOf({ ...files, [name]: Buffer.from(text) }), name);

  test.each([
    ["commas", csv],
    [
      "semicolons, a byte order mark, CRLF and an empty line",
      `\ufeff${csv.replaceAll(",", ";").replaceAll("\n", "\r\n")}\r\n\r\n`,
    ],
    ["tabs", csv.replaceAll(",", "\t")],
    [
      "other names of columns, in quotes, and more columns",
      csv.replace("path,label,split", 'File Name,"Category",subset').replace(/$/gm, ",x").replace(",x", ",extra"),
    ],
  ])("CSV with %s", async (_, text) => {
    const data = await loadDataset(await listOf("list.csv", text), wishes);
    await expectSamples(data);
    expect(data.about[0]).toMatch(/the list list\.csv, labels of the column (?:label|Category)\. 6 pictures/);
    expect(data.about[0]!.includes("1 column not used: extra")).toBe(text.includes("extra"));
  });

  test("columns that nothing is taken from are named, and of a number and a name the name is the label", async () => {
    const rows = samples.map(([grey, name], i) => `p/${grey}.png,${i % 2},${name},${i > 3}`);
    const own = [...rows, ...rows, ...rows];
    const list = await listOf("list.csv", ["path,label,label_name,is_valid", ...own].join("\n"));
    const data = await loadDataset(list, wishes);
    expect(data.classes).toEqual(classes);
    expect(data.about[0]).toContain("labels of the column label_name,");
    expect(data.about[0]).toContain("18 pictures, 2 columns not used: label, is_valid.");
  });

  test("labels that may be mistakes get a hint: other case, the same number, what stands for a missing value", async () => {
    const labels = ["Cat", "cat", "0", "0.0", "nan"];
    const rows = labels.flatMap((label) => samples.slice(0, 5).map(([grey]) => `p/${grey}.png,${label}`));
    const { about } = await loadDataset(await listOf("list.csv", ["path,label", ...rows].join("\n")), wishes);
    expect(about).toContain("Cat and cat are two classes: they differ in upper and lower case.");
    expect(about).toContain("0 and 0.0 are two classes: they are the same number.");
    expect(about).toContain("nan is used as a class: many tools write it where a label is missing.");
  });

  test("JSON lines, with labels that are numbers in natural order", async () => {
    const lines = samples.map(([grey, name, part]) =>
      JSON.stringify({ file_name: `p/${grey}.png`, label: name === "cat" ? 2 : 10, split: part }),
    );
    const data = await loadDataset(await listOf("list.jsonl", lines.join("\n")), wishes);
    await expectSamples({ ...data, classes: data.classes.map((name) => ({ 2: "cat", 10: "dog" })[name]!) });
  });

  test("Hugging Face's metadata.csv in a folder, and in the folders of its parts", async () => {
    const folder = await folderOf({ ...files, "metadata.csv": Buffer.from(csv.replace("path", "file_name")) });
    await expectSamples(await loadDataset(folder, wishes));
    const parts = ["train", "valid", "test"].map((part) => {
      const own = samples.filter((sample) => sample[2] === part);
      const rows = own.map(([grey, name]) => JSON.stringify({ file_name: `../p/${grey}.png`, label: name }));
      return [`${part}/metadata.jsonl`, Buffer.from(rows.join("\n"))] as const;
    });
    await expectSamples(await loadDataset(await folderOf({ ...files, ...Object.fromEntries(parts) }), wishes));
  });

  test("captions are no labels: the classes are the folders", async () => {
    const one = {
      "cat/1.png": files["p/10.png"]!,
      "dog/1.png": files["p/20.png"]!,
      "test/cat/1.png": files["p/11.png"]!,
    };
    const folder = await folderOf({ ...one, "metadata.csv": Buffer.from("file_name,text\ncat/1.png,a cat") });
    expect((await loadDataset(folder, wishes)).classes).toEqual(classes);
  });

  test("without parts every fifth picture of a class is held out; without test pictures those of validation are the test set", async () => {
    const text = [
      "path,label",
      ...["cat", "dog"].flatMap((name) => samples.slice(0, 5).map(([grey]) => `p/${grey}.png,${name}`)),
    ];
    const { train, test: held } = await loadDataset(await listOf("list.csv", text.join("\n")), wishes);
    expect([train.count, await greys(held)]).toEqual([8, [40, 40]]);
    const validated = await loadDataset(await listOf("list.csv", csv.replace(/^.*,test$/m, "")), wishes);
    expect([validated.train.count, await greys(validated.test), validated.validation]).toEqual([
      3,
      [40, 41],
      undefined,
    ]);
  });

  test("what is wrong is named by file and row, all at once", async () => {
    await refused(
      await listOf("list.csv", "a,b\n1,2"),
      "data/list",
      /list\.csv is with the columns a, b; want a column path/,
    );
    await refused(await listOf("list.csv", ""), "data/list", /without rows/);
    await refused(await listOf("list.csv", `${csv}\np/10.png`), "data/list", /list\.csv is not CSV.*line 8/);
    const bad = `${csv}\np/10.png,,train\np/11.png,cat,holiday\np/20.png,dog,`;
    await refused(
      await listOf("list.csv", bad),
      "data/list",
      /row 8 .*without a label/,
      /row 9 .*part holiday/,
      /row 10 /,
    );
    await refused(await listOf("list.jsonl", '{"path": 1}\nno\n[]'), "data/list", /row 2 is no;/, /row 3 is \[\];/);
    const gone = await listOf("list.csv", `${csv}\np/gone.png,cat,train\nlist.csv,dog,test`);
    await refused(gone, "data/unreadable", /list\.csv: row 8 \(p\/gone\.png\) is missing;/, /row 9 \(list\.csv\)/);
    const alike = await listOf("list.csv", `${csv}\np/10.png,caf\u00e9,train\np/11.png,cafe\u0301,train`);
    await refused(alike, "data/classes", /look the same.*NFC/);
  });
});

describe("parquet files", () => {
  interface Options {
    /** null: no metadata. */
    readonly names?: readonly string[] | null;
    readonly secret?: boolean;
    readonly rowGroupSize?: number;
  }

  /** As Hugging Face writes them: labels are places in names that the metadata has. */
  async function parquetOf(
    part: string,
    { names = classes, secret = false, rowGroupSize = 2 }: Options = {},
  ): Promise<Buffer> {
    const own = samples.filter((sample) => sample[2] === part);
    const images = own.map(([grey]) => ({ bytes: new Uint8Array(files[`p/${grey}.png`]!), path: `${grey}.png` }));
    const features = { image: { _type: "Image" }, label: { names, _type: "ClassLabel" } };
    const labels = own.map(([, name]) => (secret ? -1n : BigInt(classes.indexOf(name))));
    const buffer = parquetWriteBuffer({
      schema: [
        { name: "root", num_children: 2 },
        { name: "image", num_children: 2, repetition_type: "OPTIONAL" },
        { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
        { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
        { name: "label", type: "INT64", repetition_type: "OPTIONAL" },
      ],
      columnData: [
        { name: "image", data: images },
        { name: "label", data: labels },
      ],
      rowGroupSize,
      ...(names && { kvMetadata: [{ key: "huggingface", value: JSON.stringify({ info: { features } }) }] }),
    });
    return Buffer.from(buffer);
  }
  const setOf = async (options: Options = {}): Promise<string> =>
    folderOf({
      "README.md": Buffer.from(""),
      "data/train-00000-of-00001.parquet": await parquetOf("train", options),
      "data/validation-00000-of-00001.parquet": await parquetOf("valid", options),
      "data/test-00000-of-00001.parquet": await parquetOf("test", options),
    });

  test("of a data set: parts by the files' names, classes by the metadata", async () => {
    const data = await loadDataset(await setOf(), wishes);
    await expectSamples(data);
    expect(data.about[0]).toContain("3 parquet files, labels of the column label. 6 pictures.");
  });

  test("without metadata labels are their own names", async () => {
    const data = await loadDataset(await setOf({ names: null }), wishes);
    await expectSamples({ ...data, classes: data.classes.map((name) => classes[Number(name)]!) });
  });

  test("a part is any word of a file's name; names without pictures are no classes, and two alike are refused", async () => {
    const folder = await folderOf({
      "pets-train.parquet": await parquetOf("train", { names: ["cat", "dog", "fox"] }),
      "pets.val.parquet": await parquetOf("valid", { names: ["cat", "dog", "fox"] }),
      "test-pets.parquet": await parquetOf("test", { names: ["cat", "dog", "fox"] }),
    });
    const data = await loadDataset(folder, wishes);
    await expectSamples(data);
    expect(data.about).toContain("Named by the source, but without pictures, and no classes: fox.");
    await refused(await setOf({ names: ["cat", "dog", "cat"] }), "data/classes", /with two classes cat/);
  });

  test("rows whose labels are kept secret are left out and counted", async () => {
    const folder = await setOf();
    await writeFile(join(folder, "data/test-00000-of-00001.parquet"), await parquetOf("test", { secret: true }));
    const data = await loadDataset(folder, wishes);
    expect(await greys(data.test)).toEqual([40, 41]);
    expect(data.about[0]).toContain("5 pictures, 1 row without a label left out.");
  });

  test("cut anywhere, a file is refused by name, or its rows are", async () => {
    const folder = await setOf();
    const path = join(folder, "data/train-00000-of-00001.parquet");
    const whole = await readFile(path);
    for (const share of [0, 0.1, 0.5, 0.9, 0.999]) {
      await writeFile(path, whole.subarray(0, Math.floor(whole.length * share)));
      await refused(folder, "data/corrupt", /train-00000-of-00001\.parquet is not readable/);
    }
    const spoiled = Buffer.from(whole).fill(0xff, 60, 120);
    await writeFile(path, spoiled);
    await expect(loadDataset(folder, wishes)).rejects.toMatchObject({ code: /^data\/(unreadable|corrupt)$/ });
  });

  test("another table, and files of other classes, are refused", async () => {
    const table = parquetWriteBuffer({ columnData: [{ name: "x", data: [1, 2], type: "INT32" }] });
    await refused(
      await folderOf({ "x.parquet": Buffer.from(table) }),
      "data/list",
      /with the columns x; want a column of pictures/,
    );
    const folder = await setOf();
    await writeFile(
      join(folder, "data/test-00000-of-00001.parquet"),
      await parquetOf("test", { names: ["dog", "cat"] }),
    );
    await refused(folder, "data/list", /train-00000.*of other classes than/);
    await rm(folder, { recursive: true });
  });
});

describe("tar shards", () => {
  test("labels in binary are refused: no name is made of them", async () => {
    const folder = await folderOf({ "a.tar": await shardOf("train", () => ["cls", Buffer.from([1, 0, 0, 0])]) });
    await refused(folder, "data/list", /with a label of bytes that are no text/);
  });

  type Files = readonly (readonly [string, Buffer | string])[];
  async function tarOf(content: Files): Promise<Buffer> {
    const archive = pack();
    for (const [name, bytes] of content) archive.entry({ name }, bytes as Buffer);
    archive.finalize();
    const chunks: Buffer[] = [];
    for await (const chunk of archive) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }
  const shardOf = (part: string, label: (name: string) => Files[number]): Promise<Buffer> =>
    tarOf(
      samples
        .filter((sample) => sample[2] === part)
        .flatMap(([grey, name]) => {
          const [ending, text] = label(name);
          return [
            [`${"long/".repeat(30)}${grey}.png`, files[`p/${grey}.png`]!],
            [`${"long/".repeat(30)}${grey}.${ending}`, text],
          ] as Files;
        }),
    );

  test.each([
    ["cls", (name: string) => ["cls", `${name}\n`] as const],
    ["json", (name: string) => ["json", JSON.stringify({ width: 8, label: name })] as const],
    ["txt", (name: string) => ["txt", name] as const],
  ])("with labels in .%s", async (_, label) => {
    const folder = await folderOf({
      "train-000000.tar": await shardOf("train", label),
      "valid-000000.tar": await shardOf("valid", label),
      "test-000000.tar": await shardOf("test", label),
    });
    const data = await loadDataset(folder, wishes);
    await expectSamples(data);
    expect(data.about[0]).toContain("3 tar files of WebDataset. 6 pictures.");
  });

  test("one shard, what is not used counted, and a picture without a label named", async () => {
    const ten = Array.from({ length: 10 }, (_, i) => [`${i}.png`, files["p/10.png"]!] as const);
    const labels = ten.map(([name], i) => [name.replace("png", "cls"), `${i % 2}`] as const);
    const more = [
      ["notes.md", "x"],
      ["._0.png", "x"],
    ] as const;
    const folder = await folderOf({ "a.tar": await tarOf([...ten, ...labels, ...more]) });
    const data = await loadDataset(join(folder, "a.tar"), wishes);
    expect([data.classes, data.train.count, data.test.count]).toEqual([["0", "1"], 8, 2]);
    expect(data.about[0]).toContain("10 pictures, 2 files left out: 1 .md, 1 hidden.");
    await writeFile(join(folder, "a.tar"), await tarOf([...ten, ...labels.slice(1)]));
    await refused(join(folder, "a.tar"), "data/list", /a\.tar: 0\.png is without a label/);
  });

  test("cut off or packed, a shard is refused by name", async () => {
    const whole = await shardOf("train", (name) => ["cls", name]);
    for (const bytes of [
      whole.subarray(0, 700),
      whole.subarray(0, whole.length - 2600),
      Buffer.from([0x1f, 0x8b, 8, 0]),
    ]) {
      await refused(await folderOf({ "train.tar": bytes }), "data/corrupt", /train\.tar is not readable/);
    }
  });

  test("beside the pictures that were unpacked from it, a shard is left out", async () => {
    const tar = await shardOf("train", (name) => ["cls", name]);
    const one = {
      "train/cat/1.png": files["p/10.png"]!,
      "train/dog/1.png": files["p/20.png"]!,
      "test/cat/1.png": files["p/11.png"]!,
    };
    const data = await loadDataset(await folderOf({ ...one, "photos.tar": tar }), wishes);
    expect(data.about[0]).toContain("3 pictures, 1 file left out: 1 .tar.");
  });
});
