/**
 * npm run replay: compares what the code makes now with fixtures/golden/replay.json. A refactoring must leave every hash equal; where a
 * change of results is meant, npm run golden rewrites the file and CHANGELOG says why.
 *
 *   --fast    without the children of the big spaces (npm test)
 *   --write   keeps what was found (npm run golden)
 */
import { readFileSync, writeFileSync } from "node:fs";
import { shippedSpaces } from "../dist/supernet/spaces.js";
import { replayRuns } from "./replay/runs.mjs";
import { replaySpace } from "./replay/spaces.mjs";

const file = "fixtures/golden/replay.json";
const write = process.argv.includes("--write");
const fast = process.argv.includes("--fast");
const SMALL = "fashion";

const golden = JSON.parse(readFileSync(file, "utf8"));
const spaces = {};
for (const name of shippedSpaces) spaces[name] = await replaySpace(name, { children: !fast || name === SMALL });
const { training, search } = await replayRuns();

if (write) {
  // Builds and machines other than this one keep what they found.
  const kept = { spaces, training: { ...golden.training, ...training }, search: { ...golden.search, ...search } };
  writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`);
  console.log(`Wrote ${file}.`);
} else {
  const notes = [];
  const different = [
    ...shippedSpaces.flatMap((name) => differences(spaces[name], golden.spaces[name], `spaces.${name}`)),
    ...Object.keys(golden.spaces)
      .filter((name) => !(name in spaces))
      .map((name) => `spaces.${name}: no longer shipped`),
    ...known("training", training, golden.training, notes),
    ...known("search", search, golden.search, notes),
  ];
  for (const note of notes) console.log(note);
  console.log(different.length === 0 ? "Replay: nothing has changed." : `Replay: changed\n  ${different.join("\n  ")}`);
  process.exitCode = different.length === 0 ? 0 : 1;
}

/** Paths at which what was found is not what is kept. */
function differences(found, kept, path) {
  if (typeof found !== "object") return found === kept ? [] : [`${path}: ${found}, was ${kept}`];
  return Object.keys(found).flatMap((key) => differences(found[key], kept?.[key], `${path}.${key}`));
}

/** Results that are a machine's own: compared where this kind of machine has been recorded, noted where not. */
function known(name, found, kept, notes) {
  return Object.keys(found).flatMap((key) => {
    if (key in kept) return differences(found[key], kept[key], `${name}: ${key}`);
    notes.push(
      `Not recorded: ${name} on ${key}. To compare on this machine, run npm run golden at the commit before the change.`,
    );
    return [];
  });
}
