/** Every option of every command with a value that is wrong for it, read off the commands themselves: an option that comes is tried, too. */
import type { Command, Option } from "commander";
import { program } from "../../../src/cli/program.js";
import type { BadInput } from "../bad-input.js";
import { tinySpacePath } from "../bad-spaces.js";
import { shortly } from "../finished-run.js";

const images = "fixtures/fashion-mnist";

/** What each command needs, by its words. */
const whole: Readonly<Record<string, readonly string[]>> = {
  init: ["init", images, "--out", "started"],
  train: ["train", "--space", tinySpacePath, "--data", images, "--out", "out"],
  search: ["search", "run", "--budget", "macs=1M", "--out", "found"],
  export: ["export", "run", "--arch", "smallest", "--out", "a.onnx", ...shortly],
  verify: ["verify", "run/child.onnx", ...shortly],
  deploy: ["deploy", "run/child.onnx", "--for", "python", "--out", "deployed"],
  serve: ["serve", "run/child.onnx", "--port", "0"],
  bench: ["bench", "run/child.onnx", ...shortly],
  "data pack": ["data", "pack", images, "--out", "packed"],
  worker: ["worker", "run", "--queue", "redis://127.0.0.1:1"],
  report: ["report", "run"],
  "space show": ["space", "show", tinySpacePath],
  "space check": ["space", "check", tinySpacePath],
  "space count": ["space", "count", tinySpacePath],
  "engine install": ["engine", "install"],
  doctor: ["doctor"],
  agent: ["agent"],
  profile: ["profile", "--space", tinySpacePath, "--children", "3", ...shortly],
  "target list": ["target", "list"],
  "target check": ["target", "check", "local"],
};

const numbers = ["", "many", "-1", "1e99", "0x", "1,5", "NaN", "Infinity"];
/** A path that no file can be at: another file is above it. */
const BELOW_A_FILE = "file/below";

/** Values that are wrong, by what an option calls its value. */
const wrong: Readonly<Record<string, readonly string[]>> = {
  n: numbers,
  "n|auto": [...numbers, "0", "1", "Auto", "auto8"],
  name: ["", "nonesuch", "wasmx", "pjrt:", "pjrt:nowhere.so", "pjrt:file", "pjrt:folder"],
  "name|file": ["nowhere", "", "file", "folder", BELOW_A_FILE],
  source: ["nowhere", "", "file", BELOW_A_FILE, "cifar10:nowhere", "mnist:file"],
  which: ["nowhere.json", "", "random:", "random:-1", "HUGE", "file"],
  "kind=limit": ["", "macs", "macs=", "=5M", "macs=-5M", "macs=5 M x", "latency=5", "flops=1M"],
  run: [BELOW_A_FILE],
  folder: [BELOW_A_FILE],
  file: [BELOW_A_FILE, "folder"],
  target: ["nowhere", "", "file", "local:threads=-1", "local:provider=", "http://", "ftp://a", "browser:provider=cpu"],
  certificate: ["nowhere", "", "file", "folder", BELOW_A_FILE],
  rate: ["", "30", "fps", "0fps", "-30fps", "30 fps", "many fps"],
  slice: ["nowhere", "", "__proto__"],
  key: ["nowhere", "", "file", "folder", BELOW_A_FILE],
  formats: ["", "pickle", "python,", "Python", "python triton"],
  time: ["", "60", "1m", "s", "5s", "-60s", "4000s"],
  names: ["", "nonesuch", "float32x", "float32,", "float32,nonesuch", "float32,float32", "float32 int8"],
  points: ["", "many", "-1", "101", "0.5%", "NaN"],
  percent: ["", "5", "0.05", "-5%", "5 %", "many%"],
  url: [
    "",
    "nowhere",
    "redis://",
    "http://127.0.0.1:1",
    "redis://127.0.0.1:1",
    "rediss://127.0.0.1:1",
    "redis://a:b@127.0.0.1:1/x",
  ],
  address: ["", "nowhere.invalid", "0.0.0.0", "127.0.0.1:80"],
};

/** Options whose value decides nothing that a quick test could see. */
const untried: ReadonlySet<string> = new Set([
  "engine install --index",
  // Asked for after Redis, which is none here: test/cli/worker.test.ts.
  "worker --data",
]);

/** What the message names instead of the option. */
const unnamed =
  /^--(?:space|recipe|data|arch|out|run|samples|budget|target|token-file|profile|against|host|cert|key|client-ca|queue)$/;

/** Every command that does something, with its words. */
async function leaves(): Promise<{ readonly words: string; readonly command: Command }[]> {
  const all = (command: Command, before: readonly string[]): { words: string; command: Command }[] =>
    command.commands.length > 0
      ? command.commands.flatMap((child) => all(child, [...before, child.name()]))
      : [{ words: before.join(" "), command }];
  return all(await program(), []);
}

function valuesFor(option: Option): readonly string[] {
  if (option.argChoices) return ["", "nonesuch", `${option.argChoices[0]!}x`];
  const called = /<(.*)>/.exec(option.flags)?.[1] ?? "";
  const values = wrong[called];
  if (!values) throw new Error(`internal: no wrong values for <${called}> of ${option.flags}: add some`);
  return values;
}

export async function badOptions(): Promise<BadInput[]> {
  const inputs = (await leaves()).flatMap(({ words, command }) => {
    const args = whole[words];
    if (!args) throw new Error(`internal: no whole line for ${words}: add one`);
    const options = command.options.filter(
      ({ flags, long }) => flags.includes("<") && !untried.has(`${words} ${long!}`),
    );
    return options.flatMap((option) =>
      valuesFor(option).map((value): BadInput => {
        const long = option.long!;
        return {
          name: `${words} ${long} ${JSON.stringify(value)}`,
          args: [...args, long, value],
          says: [unnamed.test(long) ? /want|Want/ : long, /\.\n|\(see --help\)/],
          async prepare({ copyRun, write }) {
            await copyRun();
            await write("file", "a file");
            await write("folder/in-it", "");
          },
        };
      }),
    );
  });
  return inputs;
}
