/** Lists of pictures in which one thing is wrong, and what other tools' lists look like. */
import sharp from "sharp";
import { random } from "../../../src/base/random.js";
import { trainOn } from "../bad-data.js";
import type { BadInput } from "../bad-input.js";
import { cutAnywhere, times } from "./damage.js";

const png = await sharp(Buffer.alloc(192, 90), { raw: { width: 8, height: 8, channels: 3 } })
  .png()
  .toBuffer();

/** [path, label, part] of whole pictures. */
const rows = times(12, (i) => [`p/${i}.png`, i % 2 ? "cat" : "dog", i < 8 ? "train" : "test"] as const);
const csv = ["path,label,split", ...rows.map((row) => row.join(","))].join("\n");
const jsonl = rows.map(([path, label, split]) => JSON.stringify({ path, label, split })).join("\n");

const list = (name: string, file: string, content: string | Uint8Array, ...says: (string | RegExp)[]): BadInput => ({
  name: `a list: ${name}`,
  args: trainOn(file),
  says,
  async prepare({ write }) {
    for (const [path] of rows) await write(path, png);
    await write("p/text.png", "a text");
    await write(file, content);
  },
});

type Fields = [path: string, label: string, part: string];
/** One field of a random row changed, in CSV and in JSON lines; the row is named. */
function changed(
  seed: number,
  name: string,
  change: (fields: Fields) => Fields,
  ...says: (string | RegExp)[]
): BadInput[] {
  const row = random(seed, name).integer(rows.length);
  const all = rows.map((fields, i) => (i === row ? change([...fields]) : fields));
  const lines = all.map(([path, label, split]) => JSON.stringify({ path, label, split }));
  return [
    list(
      `${name}, CSV`,
      "list.csv",
      ["path,label,split", ...all.map((fields) => fields.join(","))].join("\n"),
      `row ${row + 2}`,
      ...says,
    ),
    list(
      `${name}, tabs`,
      "list.tsv",
      ["path\tlabel\tsplit", ...all.map((fields) => fields.join("\t"))].join("\n"),
      `row ${row + 2}`,
      ...says,
    ),
    list(`${name}, JSON lines`, "list.jsonl", lines.join("\n"), `row ${row + 1}`, ...says),
  ];
}

/** One line of JSON replaced. */
const line = (seed: number, name: string, text: string, ...says: (string | RegExp)[]): BadInput => {
  const row = random(seed, name).integer(rows.length - 1) + 1;
  return list(name, "list.jsonl", jsonl.split("\n").with(row, text).join("\n"), `list.jsonl: row ${row + 1}`, ...says);
};

const utf8 = (text: string): Buffer => Buffer.from(text);

export const badLists = (seed: number): BadInput[] => [
  ...changed(seed, "a picture that is not there", ([, ...rest]) => ["p/gone.png", ...rest], "p/gone.png) is missing"),
  ...changed(seed, "a folder for a picture", ([, ...rest]) => ["p", ...rest], "(p) is a folder"),
  ...changed(seed, "an empty path", ([, ...rest]) => ["", ...rest], "without a path"),
  ...changed(seed, "a text for a picture", ([, ...rest]) => ["p/text.png", ...rest], "no picture by its content"),
  ...changed(seed, "a picture outside that is not there", ([, ...rest]) => ["../../../x.png", ...rest], "is missing"),
  ...changed(seed, "an absolute path that is not there", ([, ...rest]) => ["/no/such/x.png", ...rest], "is missing"),
  ...changed(
    seed,
    "no ending",
    ([path, ...rest]) => [path.replace(".png", ""), ...rest],
    /missing, but \d+\.png is there/,
  ),
  ...changed(
    seed,
    "an empty label",
    ([path, , part]) => [path, "", part],
    "without a label",
    "Add it, or remove the row",
  ),
  ...changed(seed, "an unknown part", ([path, label]) => [path, label, "holiday"], "of the part holiday"),
  ...changed(seed, "an empty part", ([path, label]) => [path, label, ""], /of (?:no part|the part )/),
  list("no first line", "list.csv", csv.split("\n").slice(1).join("\n"), "want a column path", "in the first line"),
  list("no label column", "list.csv", csv.replace("label", "colour"), "with the columns path, colour, split"),
  list("two label columns", "list.csv", csv.replace("split", "label"), "with two columns label"),
  list(
    "numbers for pictures",
    "list.csv",
    csv.replace("path", "id").replaceAll(/p\/(\d+)\.png/g, "$1"),
    "with the columns id, label",
    "Name the column id path",
    "folder and ending",
  ),
  list("nothing", "list.csv", "", "without rows"),
  list("a first line alone", "list.csv", "path,label\n", /without/),
  list(
    "Latin-1",
    "list.csv",
    Buffer.from(`${csv}\np/1.png,ca\u00f1\u00f3n,train`, "latin1"),
    "row 14 is not UTF-8",
    "Save the list as UTF-8",
  ),
  list("a field too few", "list.csv", `${csv}\np/1.png,cat`, "is not CSV", "line 14"),
  list("a field too many", "list.csv", `${csv}\np/1.png,cat,train,x`, "is not CSV", "line 14"),
  list("an open quote", "list.csv", csv.replace("dog", '"dog'), "is not CSV"),
  list("pixels", "list.csv", png, /list\.csv/),
  list("a spreadsheet", "list.xlsx", "PK", "the data set list.xlsx is a file", "Save it as .csv"),
  line(seed, "a line cut off", '{"path": "p/1.png", "label": "c', "want an object of JSON"),
  line(seed, "a number for a line", "7", "is 7; want an object of JSON"),
  line(seed, "a list for a line", '["p/1.png", "cat"]', "want an object of JSON"),
  line(seed, "no label", '{"path": "p/1.png", "split": "train"}', "without a label"),
  line(seed, "a null for a label", '{"path": "p/1.png", "label": null, "split": "train"}', "without a label"),
  line(seed, "several labels", '{"path": "p/1.png", "label": ["cat", "dog"], "split": "train"}', "without a label"),
  line(seed, "no path", '{"label": "cat", "split": "train"}', "without a path"),
  list("one label alone", "list.csv", csv.replaceAll("dog", "cat"), "with one class, cat"),
  list("labels that look the same", "list.csv", csv.replace("cat", "cat\u200b"), "look the same"),
  list("one array of JSON", "list.jsonl", JSON.stringify(rows), "row 1", "want an object of JSON"),
  ...times(6, (i) => {
    const draw = random(seed, "cut list", i);
    // Between two rows a list may end.
    const cut = cutAnywhere(utf8(jsonl), draw);
    const whole = cut.subarray(0, cut.lastIndexOf("{") + 1 + draw.integer(10));
    return list(
      `JSON lines cut off after ${whole.length} bytes`,
      "list.jsonl",
      whole,
      "list.jsonl: row",
      "want an object of JSON",
    );
  }),
];
