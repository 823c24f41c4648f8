/** The programs of a supernet that lives on PJRT devices, each compiled when it is first run. */
import { maskPlanOf, type MaskPlan } from "../../mask-plan.js";
import type { ResidentOptions } from "../../resident.js";
import type { DeviceBuffer, Executable, PjrtClient } from "../client/client.js";
import { childProgram, decayProgram, type ChildForm } from "../lowering/child.js";
import { lessonProgram } from "../lowering/lesson.js";
import type { Lowering } from "../lowering/lowering.js";
import { addProgram, clearProgram, updateProgram } from "../lowering/update.js";
import type { StableProgram } from "../stablehlo/program.js";

export interface Programs {
  readonly options: ResidentOptions;
  readonly plan: MaskPlan;
  /** @param held pictures of the set on the device, where the lesson's are of these */
  lesson(held?: number): Executable;
  child(form: ChildForm): Executable;
  decay(): Executable;
  add(): Executable;
  clear(): Executable;
  update(kind: { readonly hasAverage: boolean; readonly clips: boolean }): Executable;
  dispose(): void;
}

export function programsOf(client: PjrtClient, lowering: Lowering, options: ResidentOptions): Programs {
  const { graph, layout, optimizer: rule } = options;
  const plan = maskPlanOf(graph, layout);
  const compiled = new Map<string, Executable>();
  const once = (key: string, program: () => StableProgram): Executable => {
    const made = compiled.get(key) ?? client.compile(program());
    compiled.set(key, made);
    return made;
  };
  return {
    ...{ options, plan },
    lesson: (held) => once(`lesson ${held}`, () => lessonProgram(options, held)),
    child: (form) =>
      once(`child ${form.resolution} ${form.isRounded}`, () => childProgram(options, plan, { ...form, lowering })),
    decay: () => once("decay", () => decayProgram(options, plan)),
    add: () => once("add", () => addProgram(layout.length)),
    clear: () => once("clear", () => clearProgram(layout.length)),
    update: (kind) => once(JSON.stringify(kind), () => updateProgram({ ...kind, length: layout.length, rule })),
    dispose() {
      for (const program of compiled.values()) program.dispose();
    },
  };
}

/** Runs a program with buffers, and with numbers that are needed once. */
export function run(
  client: PjrtClient,
  program: Executable,
  inputs: readonly (DeviceBuffer | Float32Array)[],
  device: number,
): DeviceBuffer[] {
  const once: DeviceBuffer[] = [];
  const buffers = inputs.map((input) => {
    if (!(input instanceof Float32Array)) return input;
    const uploaded = client.upload(input, [input.length], device);
    once.push(uploaded);
    return uploaded;
  });
  const outputs = program.run(buffers);
  for (const buffer of once) buffer.dispose();
  return outputs;
}
