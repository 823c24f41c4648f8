/**
 * A supernet that lives on PJRT devices (src/engine/resident.ts): a handful of programs, compiled once, between which buffers pass. Norm
 * groups take turns on the devices; the first one sums their gradients in their order, updates, and hands the weights on.
 */
import type { ResidentOptions, ResidentSupernet, TrainedArrays, Update } from "../../resident.js";
import type { DeviceBuffer, PjrtClient } from "../client/client.js";
import type { Lowering } from "../lowering/lowering.js";
import { statesOf, updateNumbers } from "../lowering/update.js";
import { programsOf, run } from "./programs.js";
import { replicaOn } from "./replica.js";

/**
 * Children that may wait for their turn on a device. Each needs memory from the moment when it is started, so that a step of many norm
 * groups can't start all at once.
 */
const CHILDREN_AHEAD = 8;

/** On the first device. */
interface HeldArrays {
  readonly weights: DeviceBuffer;
  readonly average: DeviceBuffer | undefined;
  /** In the order of `statesOf`. */
  readonly states: readonly DeviceBuffer[];
}

export function residentSupernet(client: PjrtClient, lowering: Lowering, options: ResidentOptions): ResidentSupernet {
  const { optimizer: rule } = options;
  const programs = programsOf(client, lowering, options);
  const replicas = Array.from({ length: client.devices }, (_, device) => replicaOn(client, programs, device));
  const [first, ...others] = replicas as [(typeof replicas)[0], ...typeof replicas];
  let arrays: HeldArrays | undefined;
  /** The other devices' weights, in their order. */
  let copies: DeviceBuffer[] = [];
  /** Norm groups of this step so far. */
  let groups = 0;
  /** Results of this step's children, in their order: those still on the device, and those that came down. */
  let waiting: DeviceBuffer[] = [];
  let said: Float32Array[] = [];

  const held = (): HeldArrays => {
    if (!arrays) throw new Error("internal: a supernet on a device without weights");
    return arrays;
  };
  const flat = (values: Float32Array): DeviceBuffer => client.upload(values, [values.length]);
  const forget = (): void => {
    for (const buffer of arrays ? [arrays.weights, arrays.average, ...arrays.states] : []) buffer?.dispose();
    for (const buffer of copies) buffer.dispose();
    arrays = undefined;
    copies = [];
  };
  const hold = (next: HeldArrays): void => {
    forget();
    arrays = next;
    first.useWeights(next.weights);
    copies = others.map((_, i) => next.weights.copyTo(i + 1));
    others.forEach((replica, i) => replica.useWeights(copies[i]!));
  };
  /** Sums all gradients on the first device; the others' are zero then. */
  const gather = (): void => {
    for (const replica of others) {
      if (!replica.hasGradient) continue;
      const copy = replica.gradient().copyTo(0);
      const [sum] = run(client, programs.add(), [first.gradient(), copy], 0);
      first.replaceGradient(sum!);
      copy.dispose();
      replica.clearGradient();
    }
  };
  const readSaid = (atMost: number): void => {
    for (const buffer of waiting.splice(0, Math.max(0, waiting.length - atMost))) {
      said.push(buffer.read());
      buffer.dispose();
    }
  };
  /** The replica whose turn it is. */
  const current = () => replicas[(groups - 1) % replicas.length]!;

  const runUpdate = (update: Update): number => {
    const { weights, average, states } = held();
    const program = programs.update({ hasAverage: average !== undefined, clips: update.clipNorm !== null });
    const before = [first.gradient(), updateNumbers(update), weights, ...(average ? [average] : []), ...states];
    const after = run(client, program, before, 0);
    const [zeros, norm, moved] = after as [DeviceBuffer, DeviceBuffer, DeviceBuffer];
    const averaged = average && after[3];
    first.replaceGradient(zeros);
    hold({ weights: moved, average: averaged, states: after.slice(averaged ? 4 : 3) });
    const [value] = norm.read();
    norm.dispose();
    return value!;
  };

  const read = (): TrainedArrays => {
    const { weights, average, states } = held();
    return {
      weights: weights.read(),
      average: average?.read(),
      optimizer: new Map(statesOf(rule).map((name, i) => [name, states[i]!.read()])),
    };
  };

  return {
    load({ weights, average, optimizer }) {
      hold({
        weights: flat(weights),
        average: average && flat(average),
        states: statesOf(rule).map((name) => flat(optimizer.get(name)!)),
      });
    },
    holdPictures(pixels) {
      // Each device has all of them, since each may be given any norm group.
      for (const replica of replicas) replica.holdPictures(pixels);
    },
    teach(lesson) {
      groups++;
      current().teach(lesson);
    },
    child(child) {
      waiting.push(current().child(child));
      readSaid(CHILDREN_AHEAD * replicas.length);
    },
    decay: (decay) => first.decay(decay),
    gradient() {
      gather();
      return Promise.resolve(first.gradient().read());
    },
    replaceGradient(sum) {
      first.replaceGradient(flat(sum));
    },
    update(update) {
      gather();
      const gradientNorm = runUpdate(update);
      for (const replica of replicas) replica.forgetLesson();
      groups = 0;
      readSaid(0);
      const children = said.map(([loss, correct]) => ({ loss: loss!, correct: correct! }));
      said = [];
      return Promise.resolve({ children, gradientNorm });
    },
    arrays: () => Promise.resolve(read()),
    dispose() {
      forget();
      for (const replica of replicas) replica.dispose();
      for (const buffer of waiting) buffer.dispose();
      waiting = [];
      programs.dispose();
    },
  };
}
