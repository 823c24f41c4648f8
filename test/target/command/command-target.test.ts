/** Programs that time models, really run here: one that prints JSON lines, OpenVINO's benchmark_app, and adb's commands on a folder that plays a phone. */
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { anchor } from "../../../src/evaluate/anchor.js";
import { openLatencyBench } from "../../../src/evaluate/latency.js";
import { adbCommands } from "../../../src/target/command/adb.js";
import { commandTarget, type CommandOptions } from "../../../src/target/command/command-target.js";
import { missing, python } from "../../judges/judges.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { targetConformance } from "../conformance.js";

const program = join(import.meta.dirname, "time-model.mjs");
const options: CommandOptions = {
  run: [process.execPath, program, "{model}", "{runs}", "{dims}"],
  reads: "milliseconds",
  runs: 20,
};
const { bytes, dims } = anchor();
const child = { name: "child", bytes, dims };
const session = (more: Partial<CommandOptions>, seconds = 0.1) =>
  openLatencyBench(commandTarget({ ...options, ...more }), { seconds });

targetConformance("command", {
  open: () => commandTarget(options),
  models: [bytes, bytes],
  dims: dims.slice(1),
  expected: () => Promise.reject(new Error("a program gives times alone")),
  refused: new Uint8Array(),
  isProgram: true,
});

test("a session is at least five rounds of a program for the model and one for the anchor, in fresh order", async () => {
  const bench = await session({ device: "a board", name: "board" });
  const [found] = await bench.measure([child]);
  expect(bench).toMatchObject({ target: "board", environment: { cpu: "a board", cores: 0 } });
  expect(found).toMatchObject({ rounds: 5, runs: 100, scale: 1, profileSessions: 0 });
  expect(found!.undisturbedMs).toBeGreaterThan(0);
  expect(found!.minMs).toBeLessThanOrEqual(found!.undisturbedMs);
  expect(found!.firstMs).toBeGreaterThan(0);
  expect(found!.loadMs).toBeGreaterThan(0);
  const [screened] = await bench.measure([child], "screen");
  expect(screened!.rounds).toBe(1);
});

test("OpenVINO's benchmark_app is a target" + missing, { skip: missing !== "", timeout: 60_000 }, async () => {
  const run = [join(python, "../benchmark_app"), "-m", "{model}", "-shape", "[{dims}]", "-niter", "{runs}"];
  const alone = ["-d", "CPU", "-hint", "none", "-nireq", "1", "-nstreams", "1", "-nthreads", "1", "-api", "sync"];
  const bench = await session({ run: [...run, ...alone], reads: "benchmark_app" });
  const [found] = await bench.measure([child]);
  expect(found!.undisturbedMs).toBeGreaterThan(0.001);
  expect(found!.undisturbedMs).toBeLessThan(100);
  expect(found!.loadMs).toBeGreaterThan(0);
});

test("the model is copied to the device, found there under that name, and removed; so is the file here", async () => {
  const folder = await temporaryFolder();
  const log = join(folder, "log");
  const noting = (what: string) => ["sh", "-c", `echo ${what} "$@" >> ${log}; ${what} "$@"`, what];
  const target = commandTarget({
    ...options,
    prepare: [["mkdir", join(folder, "device")]],
    place: join(folder, "device"),
    copy: [...noting("cp"), "{file}", "{model}"],
    remove: [...noting("rm"), "{model}"],
  });
  const model = await target.load(bytes);
  const [name] = await readdir(join(folder, "device"));
  expect(await readFile(join(folder, "device", name!))).toEqual(Buffer.from(bytes));
  await target.close();
  expect(await readdir(join(folder, "device"))).toEqual([]);
  const [copied, removed] = (await readFile(log, "utf8")).trim().split("\n");
  expect(removed).toBe(`rm ${join(folder, "device", name!)}`);
  expect(existsSync(copied!.split(" ")[1]!)).toBe(false);
  await expect(model.time(new Float32Array(), [], 1)).rejects.toThrow("released");
});

test.each<[string, Partial<CommandOptions>, string]>([
  ["that isn't there", { run: ["no-such-program", "{model}"] }, "not started (ENOENT)"],
  [
    "that fails",
    { run: ["sh", "-c", "echo ready; echo 'out of memory' >&2; exit 3"] },
    "ended with code 3: out of memory",
  ],
  ["that prints no times", { run: ["echo", "done"] }, "without times in what it printed (done)"],
  ["that prints a time of 0", { run: ["echo", "[0.5, 0]"] }, "printing a time of 0"],
  ["that prints a time without end", { run: ["echo", "1e999"] }, "printing a time of 0 or without end"],
  ["that is killed", { run: ["sh", "-c", "kill -9 $$"] }, "ended by SIGKILL"],
  ["that prints without end", { run: ["yes"] }, "printing more than 64 MiB"],
  ["that never ends", { run: ["sleep", "60"], timeout: 0.2 }, "still running after 0.2 s"],
  ["with a word that there isn't", { run: ["echo", "{modle}"] }, "is {modle}; want {file}, {model}, {runs}"],
  ["whose copy fails", { copy: ["false"], place: "/tmp" }, "false is ended with code 1"],
  ["whose preparation fails", { prepare: [["false"]] }, "false is ended with code 1"],
])("a program %s is named, with what it said", async (_, more, message) => {
  const bench = await session({ ...more, name: "board" });
  const failure = expect(bench.measure([child])).rejects;
  await failure.toMatchObject({ code: "target/command", message: expect.stringContaining(message) as string });
});

test("a signal ends a program that runs", async () => {
  const target = commandTarget({ ...options, run: ["sleep", "60"] });
  const model = await target.load(bytes);
  const visits = [{ model, dims, input: new Float32Array() }];
  const signal = AbortSignal.timeout(100);
  const stretch = { visits, runs: 1, seed: "", forMs: 1, atLeast: 1, atMost: 1, signal };
  await expect(target.rounds(stretch)).rejects.toThrow("timeout");
  await target.close();
});

test("adb pushes the program and the model, runs it there and removes the model", async () => {
  const folder = await temporaryFolder();
  // A phone is a folder of this machine: paths there are below it.
  const phone = join(folder, "phone");
  await mkdir(join(phone, "data/local/tmp"), { recursive: true });
  await writeFile(
    join(folder, "adb"),
    `#!/bin/sh
[ "$1 $2" = "-s R58" ] || { echo "error: device not found" >&2; exit 1; }
shift 2
echo "$@" >> ${folder}/log
case $1 in
  push) cp "$2" "${phone}$3" ;;
  shell) sh -c "$(echo "$2" | sed 's#/data/local/tmp#${phone}/data/local/tmp#g')" ;;
esac
`,
  );
  await writeFile(
    join(folder, "perf_test"),
    `#!/bin/sh
for model; do :; done
[ -s "$model" ] && cat ${resolve(import.meta.dirname, "recorded/perf-test.txt")}
`,
  );
  for (const name of ["adb", "perf_test"]) await chmod(join(folder, name), 0o755);
  const { PATH } = process.env;
  process.env["PATH"] = `${folder}:${PATH!}`;
  try {
    const commands = adbCommands({ serial: "R58", program: join(folder, "perf_test"), cores: "f0" });
    // taskset with this mask needs eight cores.
    const run = commands.run.map((argument) => argument.replace("taskset f0 ", ""));
    expect(run).not.toEqual(commands.run);
    const target = commandTarget({ ...commands, run, name: "phone" });
    const [found] = await (await openLatencyBench(target, { seconds: 0.1 })).measure([child]);
    expect(found).toMatchObject({ p50Ms: 1.85674, firstMs: 2 });
    await target.close();
    const log = await readFile(join(folder, "log"), "utf8");
    expect(log.split("\n").slice(0, 4).join("\n")).toMatch(
      /^shell mkdir -p .*\npush .*perf_test .*\nshell chmod 755 .*\npush .*\.onnx/,
    );
    expect(await readdir(join(phone, "data/local/tmp/nestling"))).toEqual(["perf_test"]);
    const other = commandTarget(adbCommands({ serial: "other", program: "p" }));
    await expect(other.load(bytes)).rejects.toThrow("device not found");
  } finally {
    process.env["PATH"] = PATH;
  }
});
