/** The estimate of a norm group's memory (src/train/norm-group.ts) against what XLA says of a child's program. */
import "./quick-compile.js";
import { beforeAll, describe, expect, test } from "vitest";
import { loadDataset } from "../../../src/data/load.js";
import { maskPlanOf } from "../../../src/engine/mask-plan.js";
import { compileOptions } from "../../../src/engine/pjrt/client/compile-options.js";
import { loadLibrary, type Library } from "../../../src/engine/pjrt/client/library.js";
import { copiesOn } from "../../../src/engine/pjrt/kind.js";
import { childProgram } from "../../../src/engine/pjrt/lowering/child.js";
import type { ResidentOptions } from "../../../src/engine/resident.js";
import { createWasmEngine } from "../../../src/engine/wasm/wasm-engine.js";
import type { SearchSpace } from "../../../src/space/space.js";
import { loadSpace, parseSpace } from "../../../src/supernet/spaces.js";
import { residentOf } from "../../../src/train/device/device-step.js";
import { needsOf } from "../../../src/train/norm-group.js";
import { planRun } from "../../../src/train/plan-run.js";
import type { Task } from "../../../src/train/task.js";
import { source, tinyRecipe, tinySpace } from "../../train/tiny.js";
import { plugins } from "./plugins.js";

/** The estimate is for the plugin that takes more, and for groups of any size. */
const MOST_TOO_HIGH = 5.5;

/** Without squeeze-and-excite. */
const plain = parseSpace({ ...tinySpace.data, name: "plain", resolutions: [20], stages: plainStages() }, "plain");
const fashion = await loadSpace("fashion");

function plainStages(): unknown[] {
  const { stages } = tinySpace.data as unknown as { stages: { squeezeExcite?: unknown }[] };
  return stages.map(({ squeezeExcite: _, ...stage }) => stage);
}

async function taskOf(space: SearchSpace, group: number): Promise<Task> {
  const data = await loadDataset(source, { size: Math.max(...space.resolutions), channels: 1 });
  const recipe = tinyRecipe({ batch: group, normGroup: group });
  return (await planRun({ space, data, source, recipe, steps: 1 })).task;
}

/** The program of a child at the largest resolution, as engine `pjrt` asks for it. */
function programOf(task: Task): string {
  let asked: ResidentOptions | undefined;
  const engine = {
    ...createWasmEngine(),
    resident(options: ResidentOptions): never {
      asked = options;
      throw new Error("asked");
    },
  };
  expect(() => residentOf(engine, task)).toThrow("asked");
  const { graph, layout } = asked!;
  const lowering = { backend: "cpu", precision: "float32" } as const;
  const resolution = Math.max(...task.supernet.space.resolutions);
  return childProgram(asked!, maskPlanOf(graph, layout), { lowering, resolution, isRounded: false }).text;
}

/** Bytes that the compiled program takes besides its inputs and outputs. */
function temporaryBytes({ call, struct }: Library, client: bigint, text: string): number {
  const [code, format] = [Buffer.from(text), Buffer.from("mlir")];
  const words = struct([code, code.length, format, format.length]);
  const loaded = call("Client_Compile", client, words, compileOptions, compileOptions.length, 0)[4]!;
  const executable = call("LoadedExecutable_GetExecutable", loaded, 0)[1]!;
  const bytes = Number(call("Executable_GetCompiledMemoryStats", executable, ...new Array<number>(11).fill(0))[5]);
  call("Executable_Destroy", executable);
  call("LoadedExecutable_Destroy", loaded);
  return bytes;
}

describe.each(plugins)("$name", ({ path, missing }) => {
  let library: Library;
  let client: bigint;
  beforeAll(() => {
    if (missing) return;
    library = loadLibrary(path);
    client = library.call("Client_Create", 0, 0, 0, 0, 0, 0, 0, 0, 0)[6]!;
  });

  test.skipIf(missing).each([
    { space: tinySpace, group: 2 },
    { space: tinySpace, group: 64 },
    { space: plain, group: 128 },
    { space: fashion, group: 32 },
  ])("$space.name, norm groups of $group: the estimate is enough, and not too high", async ({ space, group }) => {
    const task = await taskOf(space, group);
    const found = temporaryBytes(library, client, programOf(task));
    const room = { workers: 1, ranks: 1, copies: copiesOn["cpu"]!, gradients: "one" } as const;
    const { worker } = needsOf(task.supernet, task.recipe, room)(group);
    expect(found).toBeGreaterThan(0);
    expect(worker / found).toBeGreaterThan(1);
    expect(worker / found).toBeLessThan(MOST_TOO_HIGH);
  });
});
