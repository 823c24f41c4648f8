/** A supernet that lives on a PJRT device (src/engine/resident.ts): a handful of programs, compiled once, between which buffers pass. */
import type { ResidentChild, ResidentOptions, ResidentSupernet, TrainedArrays, Update } from "../resident.js";
import { maskPlanOf } from "../mask-plan.js";
import type { DeviceBuffer, Executable, PjrtClient } from "./client/client.js";
import {
  childNumbers,
  childProgram,
  decayNumbers,
  decayProgram,
  droppedFeatures,
  keptBytes,
} from "./lowering/child.js";
import type { Lowering } from "./lowering/lowering.js";
import { lessonFactors, lessonNumbers, lessonProgram } from "./lowering/lesson.js";
import { statesOf, updateNumbers, updateProgram } from "./lowering/update.js";
import type { StableProgram } from "./stablehlo/program.js";

/**
 * Children that may wait on the device for their turn. Each needs memory from the moment when it is started, so that a step of many
 * norm groups can't start all at once.
 */
const CHILDREN_AHEAD = 8;

/** A norm group on the device: images at their own size, targets, and the labels that count. */
type HeldLesson = readonly [images: DeviceBuffer, targets: DeviceBuffer, counted: DeviceBuffer];

interface HeldArrays {
  readonly weights: DeviceBuffer;
  readonly average: DeviceBuffer | undefined;
  /** In the order of `statesOf`. */
  readonly states: readonly DeviceBuffer[];
}

export function residentSupernet(client: PjrtClient, lowering: Lowering, options: ResidentOptions): ResidentSupernet {
  const { graph, layout, group, pictures, resizing, optimizer: rule } = options;
  const { size, channels } = pictures;
  const plan = maskPlanOf(graph, layout);
  const executables = new Map<string, Executable>();
  /** By resolution; undefined where pictures stay as they are. */
  const matrices = new Map<number, DeviceBuffer | undefined>();
  const allKept = client.upload(new Uint8Array(group * keptBytes(options)).fill(255), [group, keptBytes(options)]);
  let arrays: HeldArrays | undefined;
  let gradient: DeviceBuffer | undefined;
  let lesson: HeldLesson | undefined;
  let soft: DeviceBuffer | undefined;
  /** Results of this step's children, in their order: those still on the device, and those that came down. */
  let waiting: DeviceBuffer[] = [];
  let said: Float32Array[] = [];

  const executable = (key: string, program: () => StableProgram): Executable => {
    const made = executables.get(key) ?? client.compile(program());
    executables.set(key, made);
    return made;
  };
  const held = <Kind>(value: Kind | undefined, what: string): Kind => {
    if (value === undefined) throw new Error(`internal: a supernet on a device without ${what}`);
    return value;
  };
  const flat = (values: Float32Array): DeviceBuffer => client.upload(values, [values.length]);
  /** Runs with buffers that are needed once. */
  const run = (program: Executable, inputs: readonly (DeviceBuffer | Float32Array)[]): DeviceBuffer[] => {
    const once: DeviceBuffer[] = [];
    const buffers = inputs.map((input) => {
      if (!(input instanceof Float32Array)) return input;
      const uploaded = flat(input);
      once.push(uploaded);
      return uploaded;
    });
    const outputs = program.run(buffers);
    for (const buffer of once) buffer.dispose();
    return outputs;
  };
  const replaceGradient = (next: DeviceBuffer): void => {
    gradient?.dispose();
    gradient = next;
  };
  const forgetLesson = (): void => {
    for (const buffer of [...(lesson ?? []), soft]) buffer?.dispose();
    lesson = soft = undefined;
  };
  const forgetArrays = (): void => {
    for (const buffer of arrays ? [arrays.weights, arrays.average, ...arrays.states] : []) buffer?.dispose();
    arrays = undefined;
  };
  const matrixFor = (resolution: number): DeviceBuffer | undefined => {
    if (!matrices.has(resolution)) {
      const matrix = resizing(resolution);
      matrices.set(resolution, matrix && client.upload(matrix, [resolution, size]));
    }
    return matrices.get(resolution);
  };
  const readSaid = (atMost: number): void => {
    for (const buffer of waiting.splice(0, Math.max(0, waiting.length - atMost))) {
      said.push(buffer.read());
      buffer.dispose();
    }
  };
  const keptOf = ({ dropout }: ResidentChild): DeviceBuffer =>
    dropout ? client.upload(dropout.kept, [group, keptBytes(options)]) : allKept;

  const runChild = (child: ResidentChild): void => {
    const { resolution } = child.setting;
    const [images, truth, counted] = held(lesson, "a lesson");
    const targets = child.targets === "labels" ? truth : held(soft, "its teacher's labels");
    const program = executable(`child ${resolution}`, () => childProgram(options, plan, { lowering, resolution }));
    const matrix = matrixFor(resolution);
    const kept = droppedFeatures(options) > 0 ? keptOf(child) : undefined;
    const [sum, result, probabilities] = run(program, [
      ...[held(arrays, "weights").weights, held(gradient, "weights"), childNumbers(plan, child)],
      ...[images, targets, counted],
      ...(kept ? [kept] : []),
      ...(matrix ? [matrix] : []),
    ]) as [DeviceBuffer, DeviceBuffer, DeviceBuffer];
    if (kept !== allKept) kept?.dispose();
    replaceGradient(sum);
    waiting.push(result);
    if (child.teaches) {
      soft?.dispose();
      soft = probabilities;
    } else {
      probabilities.dispose();
    }
    readSaid(CHILDREN_AHEAD);
  };

  const runUpdate = (update: Update): number => {
    const { weights, average, states } = held(arrays, "weights");
    const clips = update.clipNorm !== null;
    const shape = { length: layout.length, rule, hasAverage: average !== undefined, clips };
    const program = executable(`update ${clips}`, () => updateProgram(shape));
    const before = [
      held(gradient, "weights"),
      updateNumbers(update),
      weights,
      ...(average ? [average] : []),
      ...states,
    ];
    const after = run(program, before);
    const [zeros, norm, moved] = after as [DeviceBuffer, DeviceBuffer, DeviceBuffer];
    const averaged = average && after[3];
    forgetArrays();
    replaceGradient(zeros);
    arrays = { weights: moved, average: averaged, states: after.slice(averaged ? 4 : 3) };
    const [value] = norm.read();
    norm.dispose();
    return value!;
  };

  const read = (): TrainedArrays => {
    const { weights, average, states } = held(arrays, "weights");
    return {
      weights: weights.read(),
      average: average?.read(),
      optimizer: new Map(statesOf(rule).map((name, i) => [name, states[i]!.read()])),
    };
  };

  return {
    load({ weights, average, optimizer }) {
      forgetArrays();
      arrays = {
        weights: flat(weights),
        average: average && flat(average),
        states: statesOf(rule).map((name) => flat(held(optimizer.get(name), `the optimiser's ${name}`))),
      };
      replaceGradient(flat(new Float32Array(layout.length)));
    },
    teach(given) {
      forgetLesson();
      const bytes = client.upload(given.bytes, [group, size, size, channels]);
      const numbers = client.upload(lessonNumbers(given), [group, lessonNumbers(given).length / group]);
      const program = executable("lesson", () => lessonProgram(options));
      lesson = run(program, [bytes, numbers, lessonFactors(given)]) as [DeviceBuffer, DeviceBuffer, DeviceBuffer];
      for (const buffer of [bytes, numbers]) buffer.dispose();
    },
    child: runChild,
    decay(decay) {
      const program = executable("decay", () => decayProgram(options, plan));
      const { weights } = held(arrays, "weights");
      const [sum] = run(program, [weights, held(gradient, "weights"), decayNumbers(plan, options, decay)]);
      replaceGradient(sum!);
    },
    gradient: () => Promise.resolve(held(gradient, "weights").read()),
    replaceGradient(sum) {
      replaceGradient(flat(sum));
    },
    update(update) {
      const gradientNorm = runUpdate(update);
      forgetLesson();
      readSaid(0);
      const children = said.map(([loss, correct]) => ({ loss: loss!, correct: correct! }));
      said = [];
      return Promise.resolve({ children, gradientNorm });
    },
    arrays: () => Promise.resolve(read()),
    dispose() {
      forgetLesson();
      forgetArrays();
      gradient?.dispose();
      for (const buffer of [allKept, ...waiting, ...matrices.values()]) buffer?.dispose();
      waiting = [];
      for (const program of executables.values()) program.dispose();
    },
  };
}
