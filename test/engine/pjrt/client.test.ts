import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClient, type PjrtClient } from "../../../src/engine/pjrt/client/client.js";
import type { StableProgram, TensorType } from "../../../src/engine/pjrt/stablehlo/program.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { compilerMissing, makeLibrary, makePlugin, noCompiler } from "./made-plugin.js";
import { areForCpu, described, plugins } from "./plugins.js";

const pair: TensorType = { element: "f32", shape: [2, 3] };

/** Gives a + b, in the memory of a. */
const add: StableProgram = {
  name: "add",
  text: `module @add {
    func.func public @main(%a: tensor<2x3xf32> {tf.aliasing_output = 0 : i32}, %b: tensor<2x3xf32>) -> tensor<2x3xf32> {
      %0 = stablehlo.add %a, %b : tensor<2x3xf32>
      return %0 : tensor<2x3xf32>
    }
  }`,
  inputs: [pair, pair],
  outputs: [pair],
  donated: [0],
};

/** The sum of bytes, whether it is above a limit, and the limit. */
const sum: StableProgram = {
  name: "sum",
  text: `module @sum {
    func.func public @main(%bytes: tensor<4xui8>, %limit: tensor<i32>) -> (tensor<f32>, tensor<i1>, tensor<i32>) {
      %zero = stablehlo.constant dense<0> : tensor<i32>
      %wide = stablehlo.convert %bytes : (tensor<4xui8>) -> tensor<4xi32>
      %sum = stablehlo.reduce(%wide init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<4xi32>, tensor<i32>) -> tensor<i32>
      %above = stablehlo.compare GT, %sum, %limit : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %float = stablehlo.convert %sum : (tensor<i32>) -> tensor<f32>
      return %float, %above, %limit : tensor<f32>, tensor<i1>, tensor<i32>
    }
  }`,
  inputs: [
    { element: "ui8", shape: [4] },
    { element: "i32", shape: [] },
  ],
  outputs: [
    { element: "f32", shape: [] },
    { element: "i1", shape: [] },
    { element: "i32", shape: [] },
  ],
  donated: [],
};

const SIDE = 1200;
const square: TensorType = { element: "f32", shape: [SIDE, SIDE] };
/** a multiplied by b again and again: some tenths of a second. */
function slow(donated: readonly number[]): StableProgram {
  const type = `tensor<${SIDE}x${SIDE}xf32>`;
  const products = Array.from({ length: 12 }, (_, i) => {
    const left = i === 0 ? "%a" : `%m${i - 1}`;
    return `%m${i} = stablehlo.dot_general ${left}, %b, contracting_dims = [1] x [0] : (${type}, ${type}) -> ${type}`;
  });
  const aliasing = donated.length > 0 ? "{tf.aliasing_output = 0 : i32}" : "";
  return {
    name: "slow",
    text: `module @slow {
      func.func public @main(%a: ${type} ${aliasing}, %b: ${type}) -> ${type} {
        ${products.join("\n")}
        return %m11 : ${type}
      }
    }`,
    inputs: [square, square],
    outputs: [square],
    donated,
  };
}

/** 8 TB. */
const vast: StableProgram = {
  name: "vast",
  text: `module @vast {
    func.func public @main(%a: tensor<f32>) -> tensor<2000000x1000000xf32> {
      %0 = stablehlo.broadcast_in_dim %a, dims = [] : (tensor<f32>) -> tensor<2000000x1000000xf32>
      return %0 : tensor<2000000x1000000xf32>
    }
  }`,
  inputs: [{ element: "f32", shape: [] }],
  outputs: [{ element: "f32", shape: [2_000_000, 1_000_000] }],
  donated: [],
};

/** A mistake of the user with this code and these words. */
const userError = (code: string, words = /./): Error =>
  expect.objectContaining({ code, message: expect.stringMatching(words) as string }) as Error;

describe.each(plugins)("$name", ({ path, missing }) => {
  let client: PjrtClient;
  beforeAll(() => {
    if (!missing) client = createClient(path);
  });
  afterAll(() => {
    if (!missing) client.dispose();
  });
  const it = test.skipIf(missing);
  const upload = (...values: number[]) => client.upload(Float32Array.from(values), pair.shape);

  it("names its platform, its version and its devices", () => {
    if (areForCpu) expect(client.platform).toBe("cpu");
    expect(client.description).toMatch(RegExp(`^${described}$`));
  });

  it("a CPU has no memory of its own", () => {
    expect(client.memory).toBeUndefined();
  });

  it("adds", () => {
    const [out] = client.compile(add).run([upload(1, 2, 3, 4, 5, 6), upload(10, 20, 30, 40, 50, 60)]);
    expect(out!.read()).toEqual(Float32Array.of(11, 22, 33, 44, 55, 66));
    expect(out!.read(), "again").toEqual(Float32Array.of(11, 22, 33, 44, 55, 66));
  });

  it("takes bytes and integers, and gives scalars of every type", () => {
    const program = client.compile(sum);
    const bytes = client.upload(Uint8Array.of(1, 2, 3, 255), [4]);
    const read = (limit: number): number[] =>
      program.run([bytes, client.upload(Int32Array.of(limit), [])]).map((buffer) => buffer.read()[0]!);
    expect(read(260)).toEqual([261, 1, 260]);
    expect(read(-1000)).toEqual([261, 1, -1000]);
    expect(read(261)).toEqual([261, 0, 261]);
  });

  it("a donated input is used up, the other one is not", () => {
    const program = client.compile(add);
    const [a, b] = [upload(1, 1, 1, 1, 1, 1), upload(2, 2, 2, 2, 2, 2)];
    const [out] = program.run([a, b]);
    expect(() => a.read()).toThrow("f32[2,3] was disposed of or donated");
    expect(() => program.run([a, b])).toThrow("donated");
    a.dispose();
    expect(program.run([out!, b])[0]!.read()).toEqual(new Float32Array(6).fill(5));
    b.dispose();
    b.dispose();
    expect(() => b.read()).toThrow("disposed");
  });

  it("inputs of another shape, type or number are refused", () => {
    const program = client.compile(add);
    const a = upload(1, 2, 3, 4, 5, 6);
    const turned = client.upload(new Float32Array(6), [3, 2]);
    expect(() => program.run([a, turned])).toThrow("internal: input 1 of add is f32[3,2]; it takes f32[2,3]");
    const whole = client.upload(new Int32Array(6), [2, 3]);
    expect(() => program.run([whole, a])).toThrow("internal: input 0 of add is i32[2,3]; it takes f32[2,3]");
    expect(() => program.run([a])).toThrow("internal: add takes 2 inputs and is given 1");
    expect(() => client.upload(new Float32Array(5), [2, 3])).toThrow("internal: 5 values for f32[2,3]");
    expect(() => client.compile({ ...add, outputs: [pair, pair] })).toThrow("add has 1 outputs; its signature has 2");
    expect(a.read(), "none of these used it up").toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
  });

  it.each([{ donated: [0] }, { donated: [] }])(
    "neither running nor disposing of inputs waits for the program (donated: $donated)",
    ({ donated }) => {
      const program = client.compile(slow(donated));
      const inputs = [0, 1].map(() => client.upload(new Float32Array(SIDE * SIDE).fill(1 / SIDE), [SIDE, SIDE]));
      const start = performance.now();
      const [out] = program.run(inputs);
      for (const input of inputs) input.dispose();
      const returned = performance.now();
      expect(out!.read()[0]).toBeCloseTo(1 / SIDE, 6);
      const done = performance.now();
      expect(returned - start).toBeLessThan((done - start) / 2);
      out!.dispose();
      program.dispose();
    },
  );

  it("text that it can't read is an error with its words", () => {
    const wrong = (text: string) => () => client.compile({ ...add, text });
    expect(wrong(add.text.replace("stablehlo.add", "stablehlo.subdivide"))).toThrow(
      userError("engine/plugin", /program add \(.*: error: custom op 'stablehlo.subdivide' is unknown/),
    );
    expect(wrong("")).toThrow(userError("engine/plugin"));
  });

  it("out of memory names the program and the way out", () => {
    const fails = () =>
      client
        .compile(vast)
        .run([client.upload(Float32Array.of(1), [])])[0]!
        .read();
    expect(fails).toThrow(userError("engine/memory", /is too small \(vast: .*--norm-group/));
    const inputs = [upload(1, 1, 1, 1, 1, 1), upload(2, 2, 2, 2, 2, 2)];
    expect(client.compile(add).run(inputs)[0]!.read(), "the client works on").toEqual(new Float32Array(6).fill(3));
  });

  it("live buffers and memory stay the same over 100 runs", () => {
    const size = 1 << 20;
    const type: TensorType = { element: "f32", shape: [size] };
    const program = client.compile({
      ...add,
      text: add.text.replaceAll("2x3xf32", `${size}xf32`),
      inputs: [type, type],
      outputs: [type],
    });
    const zeros = new Float32Array(size);
    let state = client.upload(zeros, [size]);
    const step = (): void => {
      const input = client.upload(zeros, [size]);
      const [next] = program.run([state, input]);
      input.dispose();
      next!.read();
      state = next!;
    };
    for (let i = 0; i < 20; i++) step();
    const [live, resident] = [client.liveBuffers, process.memoryUsage().rss];
    for (let i = 0; i < 100; i++) step();
    expect(client.liveBuffers).toBe(live);
    // A buffer of 4 MB that is kept by each run would be 400 MB.
    expect(process.memoryUsage().rss - resident).toBeLessThan(150e6);
  });

  it("runs on worker threads, one after another; one that fails ends only itself", async () => {
    const tasks = ["load", "add", "wrong", "add", "load"];
    const script = join(import.meta.dirname, "threads.mjs");
    // A segmentation fault in native code rejects.
    const { stdout } = await promisify(execFile)(process.execPath, [script, path, JSON.stringify(add), ...tasks]);
    expect(JSON.parse(stdout)).toEqual(["0", "42", "engine/plugin", "42", "0"]);
  });
});

test.skipIf(noCompiler)(`a device says how much of its memory may be used${compilerMissing}`, async () => {
  const path = makePlugin(await temporaryFolder(), "roomy", { memory: 64_000_000_000 });
  expect(createClient(path).memory).toBe(64e9);
});

describe("what is no plugin", () => {
  const opening = (path: string) => () => createClient(path);

  test("no file, no library, a library without PJRT", async () => {
    const folder = await temporaryFolder();
    expect(opening(join(folder, "no.so"))).toThrow(userError("engine/plugin", /no\.so is no file/));
    const text = join(folder, "text.so");
    writeFileSync(text, "no library");
    expect(opening(text)).toThrow(userError("engine/plugin", /not loadable \(/));
    expect(opening(folder)).toThrow(userError("engine/plugin"));
  });

  test.skipIf(noCompiler)(`another major version, an older interface, no device${compilerMissing}`, async () => {
    const folder = await temporaryFolder();
    const empty = makeLibrary(folder, "empty", "int nothing;");
    expect(opening(empty)).toThrow(/empty\.so is not loadable \(.*GetPjrtApi/);
    const major = makePlugin(folder, "major", { major: 1 });
    expect(opening(major)).toThrow("major.so is of version 1.81; want a plugin of major version 0");
    // 0.57 rearranged the functions.
    expect(opening(makePlugin(folder, "early", { minor: 56 }))).toThrow(
      "early.so is of version 0.56; want a plugin of major version 0, from 0.57 on",
    );
    expect(opening(makePlugin(folder, "short", { size: 400 }))).toThrow("short.so is of version 0.81; want");
    expect(opening(makePlugin(folder, "idle", {}))).toThrow(userError("engine/device", /idle\.so is none/));
  });
});
