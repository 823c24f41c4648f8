/** Damaged files of a finished run: its checkpoint, search, children, certificates. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { changeNumber, cutOff, flipBit, type BadInput, type Place } from "./bad-input.js";
import { trainOn } from "./bad-data.js";
import { finishedSteps, searchArgs, shortly, trainArgs } from "./finished-run.js";

type Damage = (bytes: Buffer) => Uint8Array;

/** A run in which one file is damaged. */
const damaged = (
  name: string,
  path: string,
  damage: Damage,
  args: readonly string[],
  ...says: (string | RegExp)[]
): BadInput => ({
  name,
  args,
  says,
  async prepare(place) {
    await place.copyRun();
    await place.damage(path, damage);
  },
});

const withRun = (
  name: string,
  args: readonly string[],
  change: (place: Place) => unknown,
  ...says: (string | RegExp)[]
): BadInput => ({
  name,
  args,
  says,
  async prepare(place) {
    await place.copyRun();
    await change(place);
  },
});

const nothing = (): undefined => undefined;
const remove =
  (path: string) =>
  ({ folder }: Place) =>
    rm(join(folder, path), { recursive: true });
const exported = ["export", "run", "--arch", "smallest", "--out", "a.onnx", ...shortly];
const resumed = [...searchArgs("run"), "--resume"];
const goneOn = [...trainArgs("run"), "--resume"];
const weights = `checkpoint/weights-${finishedSteps}.safetensors`;
const optimizer = `checkpoint/optimizer-${finishedSteps}.safetensors`;
const replace =
  (from: string, to: string): Damage =>
  (bytes) =>
    Buffer.from(bytes.toString().replace(from, to));

export const badFiles: readonly BadInput[] = [
  {
    name: "a run that is not there",
    args: exported,
    says: ["run/checkpoint/checkpoint.json is missing", "nestling train --out"],
  },
  damaged(
    "checkpoint.json cut off",
    "run/checkpoint/checkpoint.json",
    cutOff,
    exported,
    "checkpoint.json is not JSON",
    "Fix it",
  ),
  damaged(
    "checkpoint.json with another seed",
    "run/checkpoint/checkpoint.json",
    changeNumber("totalSteps"),
    exported,
    "checkpoint.json is changed since it was written",
    "train again",
  ),
  damaged(
    "checkpoint.json of another format",
    "run/checkpoint/checkpoint.json",
    replace('"format": 2', '"format": 1'),
    exported,
    "checkpoint.json: format is 1",
    "another version of nestling wrote it",
  ),
  damaged("weights cut off", `run/${weights}`, cutOff, exported, weights, "bytes); want SHA-256", "train again"),
  damaged("weights with a flipped bit", `run/${weights}`, flipBit, exported, weights, "The file is damaged"),
  damaged(
    "weights with a flipped bit, at a search",
    `run/${weights}`,
    flipBit,
    resumed,
    weights,
    "The file is damaged",
  ),
  damaged(
    "optimizer state with a flipped bit, at --resume",
    `run/${optimizer}`,
    flipBit,
    goneOn,
    optimizer,
    "The file is damaged",
  ),
  withRun(
    "weights that are gone",
    exported,
    remove(`run/${weights}`),
    `${weights} is missing; want the file that checkpoint.json names`,
  ),
  withRun(
    "weights that are gone, at --resume",
    goneOn,
    remove(`run/${weights}`),
    `${weights} is missing`,
    "train again in another folder",
  ),
  withRun(
    "training over a run",
    trainArgs("run"),
    nothing,
    `run is a run at step ${finishedSteps}; want a new folder`,
    "--resume",
  ),
  withRun(
    "resuming with another seed",
    [...goneOn, "--seed", "5"],
    nothing,
    "run/checkpoint: seed is 5; want 0, as the run began",
    "Resume with the options",
  ),
  withRun(
    "resuming with other steps",
    [...goneOn, "--steps", "9"],
    nothing,
    `run/checkpoint: totalSteps is 9; want ${finishedSteps}`,
  ),
  withRun(
    "resuming with another batch",
    [...goneOn, "--batch", "16"],
    nothing,
    "run/checkpoint: recipe.batch is 16; want ",
  ),
  withRun(
    "a run whose images are others now",
    [...exported, "--data", "images"],
    async ({ write }) => {
      const { default: sharp } = await import("sharp");
      const png = await sharp(Buffer.alloc(64), { raw: { width: 8, height: 8, channels: 1 } })
        .png()
        .toBuffer();
      for (const path of ["train/a", "train/b", "test/a"]) await write(`images/${path}/1.png`, png);
    },
    "the data set is images, other images than the run was trained on",
    "give the same data set",
  ),
  damaged(
    "search.json cut off, at --resume",
    "run/search.json",
    cutOff,
    resumed,
    "run/search.json is not JSON",
    "Fix it",
  ),
  damaged(
    "search.json with another digit, at --resume",
    "run/search.json",
    changeNumber("correct"),
    resumed,
    "run/search.json is changed since it was written",
    "without --resume",
  ),
  damaged(
    "search.json of another format",
    "run/search.json",
    replace('"format": 2', '"format": 7'),
    resumed,
    "run/search.json: format is 7",
    "without --resume",
  ),
  withRun(
    "a search resumed with another seed",
    [...resumed, "--seed", "3"],
    nothing,
    "run/search.json: seed is 0; want 3",
    "Resume with the options",
  ),
  withRun(
    "a search resumed under another budget",
    ["search", "run", "--budget", "macs=90M", "--resume"],
    nothing,
    "run/search.json: budgets is",
  ),
  damaged(
    "search.json cut off, in a report",
    "run/search.json",
    cutOff,
    ["report", "run"],
    "run/search.json is not JSON",
  ),
  damaged(
    "search.json with another digit, in a report",
    "run/search.json",
    changeNumber("macs"),
    ["report", "run"],
    "run/search.json is changed since it was written",
  ),
  damaged(
    "a certificate cut off, in a report",
    "run/children/macs-1M.json",
    cutOff,
    ["report", "run"],
    "run/children/macs-1M.json is not JSON",
  ),
  { name: "a report of nothing", args: ["report", "run"], says: ["run is missing or empty", "nestling train --help"] },
  {
    name: "a report of another folder",
    args: ["report", "."],
    says: [". is no run", "nestling train --out"],
    prepare: ({ write }) => write("a.txt", ""),
  },
  {
    name: "verify of no file",
    args: ["verify", "a.onnx"],
    says: ["a.onnx is missing; want an .onnx file", "nestling export"],
  },
  {
    name: "verify of a file of another kind",
    args: ["verify", "a.txt"],
    says: ["a.txt is a file of another name; want an .onnx file", "nestling export"],
    prepare: ({ write }) => write("a.txt", "hello, this is text"),
  },
  {
    name: "verify of a folder",
    args: ["verify", "a.onnx"],
    says: ["a.onnx is a folder"],
    prepare: ({ write }) => write("a.onnx/b", ""),
  },
  withRun(
    "a child without its certificate",
    ["verify", "run/child.onnx"],
    remove("run/child.json"),
    "run/child.json is missing; want the certificate beside the file",
    "Export the child again",
  ),
  damaged(
    "a certificate cut off",
    "run/child.json",
    cutOff,
    ["verify", "run/child.onnx"],
    "run/child.json is not JSON",
  ),
  damaged(
    "a certificate that is a list",
    "run/child.json",
    () => Buffer.from("[]"),
    ["verify", "run/child.onnx"],
    "run/child.json is []; want object",
    "Export the child again",
  ),
  damaged(
    "a certificate without its hash",
    "run/child.json",
    replace('"sha256"', '"sha265"'),
    ["verify", "run/child.onnx"],
    "run/child.json: sha256 is missing",
    "unknown key sha265",
  ),
  damaged(
    "a certificate with text for a number",
    "run/child.json",
    replace('"macs": ', '"macs": "'),
    ["verify", "run/child.onnx"],
    "run/child.json is not JSON",
  ),
  withRun(
    "verify against no run",
    ["verify", "run/child.onnx", "--run", "nowhere"],
    nothing,
    "nowhere/checkpoint/checkpoint.json is missing",
  ),
  withRun(
    "verify on no data",
    ["verify", "run/child.onnx", "--data", "nowhere"],
    nothing,
    "the data set nowhere is missing",
  ),
  {
    name: "bench of no file",
    args: ["bench", "a.onnx"],
    says: ["a.onnx is missing; want an .onnx file", "Check the path"],
  },
  {
    name: "bench of text",
    args: ["bench", "a.onnx"],
    says: ["a.onnx is", "nestling export"],
    prepare: ({ write }) => write("a.onnx", "hello, this is text"),
  },
  {
    name: "bench of an empty file",
    args: ["bench", "a.onnx"],
    says: ["a.onnx is", "nestling export"],
    prepare: ({ write }) => write("a.onnx", ""),
  },
  damaged("bench of a child cut off", "run/child.onnx", cutOff, ["bench", "run/child.onnx"], "run/child.onnx is"),
  {
    name: "training into a file",
    args: trainOn("fixtures/fashion-mnist"),
    says: [/out\S* is not writable/, "want a path through folders"],
    prepare: ({ write }) => write("out", "a file"),
  },
  withRun(
    "a child into a folder's name",
    exported,
    ({ write }) => write("a.onnx/b", ""),
    "a.onnx is not writable (EISDIR)",
    "choose another name",
  ),
  withRun(
    "a child whose certificate is a folder",
    exported,
    ({ write }) => write("a.json/b", ""),
    "a.json is not writable (EISDIR)",
    "choose another name",
  ),
  withRun(
    "a child below a file",
    ["export", "run", "--arch", "smallest", "--out", "file/a.onnx", ...shortly],
    ({ write }) => write("file", ""),
    "file/a.onnx is not writable",
    "A part of the path is a file",
  ),
  withRun(
    "a search into a file",
    [...searchArgs("run"), "--out", "file"],
    ({ write }) => write("file", ""),
    "file/search.json is not writable (ENOTDIR)",
    "A part of the path is a file",
  ),
  withRun(
    "a report whose place is a folder",
    ["report", "run"],
    ({ write }) => write("run/report.html/a", ""),
    "run/report.html is not writable (EISDIR)",
    "choose another name",
  ),
];
