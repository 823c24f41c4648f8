/** Folders as people have them: what is read, what is left out and said, what is refused. */
import { execFileSync } from "node:child_process";
import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { loadDataset } from "../../src/data/load.js";
import type { Dataset } from "../../src/data/images.js";
import { firsts } from "./all-pixels.js";
import { folderOf, picture, SIDE } from "./picture-folder.js";

const wishes = { size: SIDE, channels: 3 } as const;
const text = Buffer.from("no picture");

/** Different pictures under these names. */
const pictures = async (...names: readonly string[]): Promise<Record<string, Buffer>> =>
  Object.fromEntries(await Promise.all(names.map(async (name, i) => [name, await picture([i, 0, 0])] as const)));

/** Five of each class, so that one of each is held out. */
const five = (...folders: readonly string[]): string[] =>
  folders.flatMap((folder) => [1, 2, 3, 4, 5].map((n) => `${folder}/${n}.png`));

const counts = ({ train, test: held, classes, validation }: Dataset): unknown => [
  ...[classes.join(), train.count - (validation?.length ?? 0), held.count],
  ...(validation ? [validation.length] : []),
];

const refused = (folder: string, code: string, message: RegExp): Promise<void> =>
  expect(loadDataset(folder, wishes)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message) as string,
  });

describe("links", () => {
  test("to class folders and to pictures are followed", async () => {
    const folder = await folderOf(await pictures(...five("real/fox", "x/cat"), "real/6.png"));
    await symlink(join(folder, "real/fox"), join(folder, "x/fox"));
    await symlink("../../real/6.png", join(folder, "x/cat/6.png"));
    expect(counts(await loadDataset(join(folder, "x"), wishes))).toEqual(["cat,fox", 9, 2]);
  });

  test("in a circle, to a folder above and to nothing are left out and counted", async () => {
    const folder = await folderOf(await pictures(...five("cat/deep", "dog")));
    await symlink(folder, join(folder, "cat/deep/up"));
    await symlink(folder, join(folder, "all"));
    await symlink(".", join(folder, "cat/self"));
    await symlink("circle", join(folder, "cat/circle"));
    await symlink("gone.png", join(folder, "dog/9.png"));
    const data = await loadDataset(folder, wishes);
    expect(counts(data)).toEqual(["cat,dog", 8, 2]);
    expect(data.about[0]).toContain(
      "10 pictures, 2 files left out: 2 broken link; 3 folders left out: " +
        "all (a link to a folder that is read already), up (a link to a folder that is read already), self (a link to a folder that is read already).",
    );
  });
});

test("pictures are known by their content, in folders of a class too, and the rest is counted by its endings", async () => {
  const [png, other] = [await picture([1, 2, 3]), await picture([4, 5, 6])];
  const jpeg = await sharp(other).jpeg().toBuffer();
  const folder = await folderOf({
    ...(await pictures(...five("cat"))),
    "dog/a.bmp": png,
    "dog/b": jpeg,
    "dog/2024/c.txt": await sharp(png).webp().toBuffer(),
    "dog/2024/may/d.JPG": await sharp(png).gif().toBuffer(),
    "dog/e.dat": await sharp(png).tiff().toBuffer(),
    "dog/notes.txt": text,
    "dog/more.TXT": text,
    "dog/readme": text,
    "labels.csv": text,
    "loose.png": png,
  });
  const data = await loadDataset(folder, wishes);
  expect(counts(data)).toEqual(["cat,dog", 8, 2]);
  expect(data.about[0]).toBe(
    `${folder}: class folders, every fifth picture of a class held out for testing. ` +
      "10 pictures, 5 files left out: 2 .txt, 1 .csv, 1 picture outside the class folders, 1 without an ending.",
  );
});

test("files of systems and tools are no pictures and no classes", async () => {
  const folder = await folderOf({
    ...(await pictures(...five("cat", "dog"))),
    ...(await pictures(".ipynb_checkpoints/1.png", "__MACOSX/cat/1.png", "cat/@eaDir/1.png", "lost+found/1.png")),
    "cat/._1.png": Buffer.from([0, 5, 22, 7]),
    ".DS_Store": text,
    "dog/Thumbs.db": text,
    "dog/desktop.ini": text,
  });
  const data = await loadDataset(folder, wishes);
  expect(counts(data)).toEqual(["cat,dog", 8, 2]);
  expect(data.about[0]).toContain("10 pictures, 4 files left out: 4 hidden; 4 folders left out: ");
});

test("a real BMP, JPEG XL or HEIC is a picture, and refused as such", async () => {
  const bmp = Buffer.concat([Buffer.from("BM"), Buffer.alloc(12), Buffer.from([40, 0, 0, 0]), Buffer.alloc(60)]);
  const heic = Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from("ftypheic"), Buffer.alloc(40)]);
  const jxl = Buffer.concat([Buffer.from([0xff, 0x0a]), Buffer.alloc(40)]);
  const folder = await folderOf({ ...(await pictures(...five("a", "b"))), "a/6": bmp, "a/7": heic, "b/8": jxl });
  await expect(loadDataset(folder, wishes)).rejects.toMatchObject({
    code: "data/unreadable",
    problems: ["a/6", "a/7", "b/8"].map((name) => ({ at: join(folder, name) })),
  });
});

describe("parts", () => {
  const named = ["Train/cat", "Train/dog"];
  test.each(["valid", "VAL", "validation", "dev", "testing", "Test", "eval", "test_set"])(
    "%s beside Train is the test set",
    async (part) => {
      const data = await loadDataset(await folderOf(await pictures(...five(...named), `${part}/cat/1.png`)), wishes);
      expect(counts(data)).toEqual(["cat,dog", 10, 1]);
      expect(data.about[0]).toContain(`class folders in Train, ${part} for testing. 11 pictures.`);
      expect(data.about).toContain("No test pictures of dog: test figures say nothing of them.");
    },
  );

  test("train, valid and test: valid is the validation part", async () => {
    const names = [...five("train/cat", "train/dog"), "valid/cat/1.png", "valid/dog/1.png", "test/dog/1.png"];
    const data = await loadDataset(await folderOf(await pictures(...names)), wishes);
    expect(counts(data)).toEqual(["cat,dog", 10, 1, 2]);
    expect(data.about[0]).toContain("class folders in train, test for testing, valid for validation. 13 pictures.");
    expect([...data.validation!].map((index) => data.train.labels[index])).toEqual([0, 1]);
  });

  test("train and a test folder without pictures: it is said, and every fifth picture is held out", async () => {
    const names = await pictures(...five("train/cat", "train/dog"));
    const data = await loadDataset(await folderOf({ ...names, "test/cat/1.txt": text }), wishes);
    expect(counts(data)).toEqual(["cat,dog", 8, 2]);
    expect(data.about).toContain("test has no pictures.");
  });

  test("train alone: every fifth picture is held out", async () => {
    const data = await loadDataset(await folderOf(await pictures(...five("training/cat", "training/dog"))), wishes);
    expect(counts(data)).toEqual(["cat,dog", 8, 2]);
  });

  test("what is not used is named: pictures to be labelled, a second test set, an old part, another folder", async () => {
    const names = [...five("train/cat", "train/dog"), "val/cat/1.png", "test/1.png", "valid/cat/1.png"];
    const folder = await folderOf(await pictures(...names, "train_old/cat/1.png", "cat/1.png"));
    const data = await loadDataset(folder, wishes);
    expect(counts(data)).toEqual(["cat,dog", 10, 1]);
    expect(data.about[0]).toContain(
      "11 pictures, 4 folders left out: cat, test (without class folders), " +
        "train_old (looks like a part of the data, not known by this name), valid (val is used).",
    );
  });

  test("test beside the class folders themselves is the test set, and without classes in it one more class", async () => {
    const beside = await folderOf(await pictures(...five("cat", "dog"), "test/dog/1.png", "test/cat/1.png"));
    expect(counts(await loadDataset(beside, wishes))).toEqual(["cat,dog", 10, 2]);
    const flat = await loadDataset(await folderOf(await pictures(...five("control", "test"))), wishes);
    expect(counts(flat)).toEqual(["control,test", 8, 2]);
    expect(flat.about).toContain("test is used as a class: beside it there is no folder of training pictures.");
  });

  test.each([
    [
      ["seg_train/seg_train", "seg_test/seg_test"],
      "class folders in seg_train/seg_train, seg_test/seg_test for testing",
    ],
    [["train2017", "val2017"], "class folders in train2017, val2017 for testing"],
    [["01-train", "02-val", "03-predictions"], "class folders in 01-train, 02-val for testing"],
    [["train/images", "test/images"], "class folders in train/images, test/images for testing"],
  ] as const)("%j are parts, not classes", async ([train, test, other], layout) => {
    const names = [...five(`${train}/cat`, `${train}/dog`), `${test}/cat/1.png`, ...(other ? [`${other}/1.png`] : [])];
    const data = await loadDataset(await folderOf(await pictures(...names)), wishes);
    expect(counts(data)).toEqual(["cat,dog", 10, 1]);
    expect(data.about[0]).toContain(layout);
    if (other) expect(data.about[0]).toContain(`1 folder left out: ${other}`);
  });

  test("a bullet train is a class where others are none of a part, and folds get a hint", async () => {
    const trains = await loadDataset(await folderOf(await pictures(...five("bullet_train", "car"))), wishes);
    expect(counts(trains)).toEqual(["bullet_train,car", 8, 2]);
    const folds = await loadDataset(
      await folderOf(await pictures(...five("fold1/a", "fold1/b", "fold2/a", "fold2/b"))),
      wishes,
    );
    expect(folds.about).toContain(
      "Each class has the folders a, b: if these are the classes, name the folders around them train, val and test.",
    );
  });

  test("two training parts, and parts within classes, are refused", async () => {
    await refused(
      await folderOf(await pictures("train/a/1.png", "training/b/1.png")),
      "data/layout",
      /train, training/,
    );
    const within = await folderOf(await pictures("cat/train/1.png", "cat/test/1.png", "dog/train/1.png"));
    await refused(within, "data/layout", /cat is with test and train in it/);
  });

  test("a folder around it all is looked into, and around class folders named", async () => {
    const names = [...five("set/set/train/cat", "set/set/train/dog"), "set/set/test/cat/1.png"];
    const data = await loadDataset(await folderOf({ ...(await pictures(...names)), "set/readme.md": text }), wishes);
    expect(counts(data)).toEqual(["cat,dog", 10, 1]);
    expect(data.about[0]).toContain("in set. 11 pictures, 1 file left out: 1 .md.");
    const around = await folderOf(await pictures(...five("photos/cat", "photos/dog")));
    await refused(around, "data/classes", /one class, photos, .* in cat, dog;.*give .*photos\./);
  });
});

describe("names of classes", () => {
  test("are in natural order", async () => {
    const names = ["class 10", "class 2", "class 1", "B", "a"];
    const data = await loadDataset(await folderOf(await pictures(...five(...names))), wishes);
    expect(data.classes).toEqual(["B", "a", "class 1", "class 2", "class 10"]);
  });

  test("have the order that is wanted, if they are just these: with it, all is as it was", async () => {
    const folder = await folderOf(await pictures(...five("10", "9")));
    const [natural, wanted] = [
      await loadDataset(folder, wishes),
      await loadDataset(folder, { ...wishes, classes: ["10", "9"] }),
    ];
    expect(natural.classes).toEqual(["9", "10"]);
    expect(wanted.classes).toEqual(["10", "9"]);
    expect((await firsts(wanted.train))[0]).toEqual([0, 0, 0]);
    expect([...wanted.train.labels]).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    expect((await loadDataset(folder, { ...wishes, classes: ["9", "8"] })).classes).toEqual(["9", "10"]);
  });

  const nfc = "caf\u00e9";
  const nfd = "cafe\u0301";
  test("in NFC and NFD get a hint, in one part and across parts", async () => {
    await refused(await folderOf(await pictures(...five(nfc, nfd))), "data/classes", /look the same.*NFC.*NFD/);
    const across = await folderOf(await pictures(...five(`train/${nfc}`, "train/b"), `test/${nfd}/1.png`));
    await refused(across, "data/classes", /looks like caf.*NFC.*NFD/);
  });

  test("in bytes of Latin-1 are read, and get a hint beside the same name in UTF-8", async () => {
    const folder = await folderOf(await pictures(...five("latin", "b")));
    await rename(join(folder, "latin"), Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.from([0xe9])]));
    expect(counts(await loadDataset(folder, wishes))).toEqual([`b,${nfc}`, 8, 2]);
    await mkdir(join(folder, nfc));
    await writeFile(join(folder, nfc, "1.png"), await picture([99, 0, 0]));
    await refused(folder, "data/classes", /look the same.*Latin-1/);
  });

  test("that differ in case are two classes, and it is said", async () => {
    const data = await loadDataset(await folderOf(await pictures(...five("Cat", "cat"))), wishes);
    expect(data.about).toContain("Cat and cat are two classes: they differ in upper and lower case.");
  });
});

test("a pipe among the pictures is not waited for", async () => {
  const folder = await folderOf(await pictures(...five("a", "b")));
  execFileSync("mkfifo", [join(folder, "a/6.png")]);
  expect((await loadDataset(folder, wishes)).about[0]).toContain("1 file left out: 1 special file.");
});

describe("what is said of the pictures", () => {
  test("classes that are uneven, and files of the same bytes in and across parts", async () => {
    const one = await picture([200, 0, 0]);
    const many = Array.from({ length: 20 }, (_, i) => `train/dog/${i}.png`);
    const folder = await folderOf({
      ...(await pictures(...many, "train/cat/1.png", "test/dog/1.png")),
      ...{ "train/cat/2.png": one, "train/dog/x.png": one, "test/cat/copy.png": one },
    });
    const { about } = await loadDataset(folder, wishes);
    expect(about.slice(1)).toEqual([
      "23 training, 2 test pictures of 2 classes; training pictures a class: cat 2, dog 21.",
      "Classes are uneven: dog has 21 training pictures, cat has 2. The recipe option sampling: balanced shows as many of each.",
      "Doubled pictures, in the test set also among the training pictures, which makes test figures too good: 1, test/cat/copy.png = train/cat/2.png.",
      "Doubled pictures, twice in one part: 1, train/dog/x.png = train/cat/2.png.",
      "Doubled pictures, of two classes at once: 1, train/dog/x.png = train/cat/2.png.",
    ]);
  });

  test("pictures that can't be read are left out where that is wanted, and the same ones again by name", async () => {
    const whole = await pictures(...five("a", "b"));
    const clean = await loadDataset(await folderOf(whole), wishes);
    const folder = await folderOf({
      ...whole,
      "a/cut.png": whole["a/1.png"]!.subarray(0, 40),
      "b/void.jpg": Buffer.alloc(0),
    });
    await refused(folder, "data/unreadable", /cut\.png.*\n.*void\.jpg.*--skip-broken/);
    const skipped = await loadDataset(folder, { ...wishes, broken: "skip" });
    expect(skipped.broken).toEqual(["a/cut.png", "b/void.jpg"]);
    expect(skipped.fingerprint).toBe(clean.fingerprint);
    expect(skipped.about[0]).toContain("10 pictures, 2 that can't be read left out.");
    expect(skipped.about).toContain("Left out, because they can't be read: a/cut.png, b/void.jpg.");
    const again = await loadDataset(folder, { ...wishes, leaveOut: skipped.broken });
    expect([again.fingerprint, again.broken]).toEqual([clean.fingerprint, skipped.broken]);
  });
});
