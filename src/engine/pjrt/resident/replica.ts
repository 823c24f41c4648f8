/** What one device has of a supernet: the weights, the norm group that it runs, and the gradient of all those that it ran. */
import type { Decay, Lesson, ResidentChild } from "../../resident.js";
import type { DeviceBuffer, PjrtClient } from "../client/client.js";
import { childNumbers, decayNumbers, droppedFeatures, keptBytes } from "../lowering/child.js";
import { lessonFactors, lessonNumbers } from "../lowering/lesson.js";
import { run as runProgram, type Programs } from "./programs.js";

export interface Replica {
  /** The weights of the next children; the caller's, who disposes of them. */
  useWeights(weights: DeviceBuffer): void;
  /** Takes a set of pictures up, which stays there. */
  holdPictures(pixels: Uint8Array): void;
  teach(lesson: Lesson): void;
  /** @returns [loss, right answers], which are the caller's */
  child(child: ResidentChild): DeviceBuffer;
  decay(decay: Decay): void;
  /** Whether a child ran since the gradient was zero. */
  readonly hasGradient: boolean;
  /** The gradient, which is still the replica's. */
  gradient(): DeviceBuffer;
  /** @param next the replica's from now on */
  replaceGradient(next: DeviceBuffer): void;
  /** Makes the gradient zero. */
  clearGradient(): void;
  forgetLesson(): void;
  dispose(): void;
}

/** A norm group on the device: images at their own size, targets, and the labels that count. */
type HeldLesson = readonly [images: DeviceBuffer, targets: DeviceBuffer, counted: DeviceBuffer];

export function replicaOn(client: PjrtClient, programs: Programs, device: number): Replica {
  const { options, plan } = programs;
  const { layout, group, pictures, resizing } = options;
  const { size, channels } = pictures;
  const keptShape = [group, keptBytes(options)];
  /** For children that drop nothing; undefined where the graph never does. */
  const allKept =
    droppedFeatures(options) > 0
      ? client.upload(new Uint8Array(group * keptBytes(options)).fill(255), keptShape, device)
      : undefined;
  /** By resolution; undefined where pictures stay as they are. */
  const matrices = new Map<number, DeviceBuffer | undefined>();
  /** ui8 [pictures, size, size, channels] */
  let set: DeviceBuffer | undefined;
  let weights: DeviceBuffer | undefined;
  let gradient = client.upload(new Float32Array(layout.length), [layout.length], device);
  let hasGradient = false;
  let lesson: HeldLesson | undefined;
  let soft: DeviceBuffer | undefined;

  const run = (program: Parameters<typeof runProgram>[1], inputs: Parameters<typeof runProgram>[2]): DeviceBuffer[] =>
    runProgram(client, program, inputs, device);
  const replaceGradient = (next: DeviceBuffer): void => {
    gradient.dispose();
    gradient = next;
  };
  const forgetLesson = (): void => {
    for (const buffer of [...(lesson ?? []), soft]) buffer?.dispose();
    lesson = soft = undefined;
  };
  const picturesFrom = (pixels: Uint8Array): DeviceBuffer =>
    client.upload(pixels, [pixels.length / (size * size * channels), size, size, channels], device);
  const matrixFor = (resolution: number): DeviceBuffer | undefined => {
    if (!matrices.has(resolution)) {
      const matrix = resizing(resolution);
      matrices.set(resolution, matrix && client.upload(matrix, [resolution, size], device));
    }
    return matrices.get(resolution);
  };

  return {
    useWeights(next) {
      weights = next;
    },
    holdPictures(pixels) {
      set?.dispose();
      set = picturesFrom(pixels);
    },
    teach(given) {
      forgetLesson();
      const { pictures } = given;
      const numbers = lessonNumbers(given, size);
      const labels = client.upload(numbers, [group, numbers.length / group], device);
      const bytes = pictures instanceof Uint8Array ? picturesFrom(pictures) : undefined;
      const from = bytes ?? held(set, "a set of pictures");
      const program = bytes ? programs.lesson() : programs.lesson(from.type.shape[0]);
      lesson = run(program, [from, labels, lessonFactors(given)]) as [DeviceBuffer, DeviceBuffer, DeviceBuffer];
      for (const buffer of [bytes, labels]) buffer?.dispose();
    },
    child(child) {
      const { dropout, setting, isRounded } = child;
      const { resolution } = setting;
      const [images, truth, counted] = held(lesson, "a lesson");
      const targets = child.targets === "labels" ? truth : held(soft, "its teacher's labels");
      const matrix = matrixFor(resolution);
      const kept = allKept && (dropout ? client.upload(dropout.kept, keptShape, device) : allKept);
      const [sum, result, probabilities] = run(programs.child({ resolution, isRounded }), [
        ...[held(weights, "weights"), gradient, childNumbers(plan, child)],
        ...[images, targets, counted],
        ...(kept ? [kept] : []),
        ...(matrix ? [matrix] : []),
      ]) as [DeviceBuffer, DeviceBuffer, DeviceBuffer];
      if (kept !== allKept) kept?.dispose();
      replaceGradient(sum);
      hasGradient = true;
      if (child.teaches) {
        soft?.dispose();
        soft = probabilities;
      } else {
        probabilities.dispose();
      }
      return result;
    },
    decay(decay) {
      const numbers = decayNumbers(plan, options, decay);
      const [sum] = run(programs.decay(), [held(weights, "weights"), gradient, numbers]);
      replaceGradient(sum!);
    },
    get hasGradient() {
      return hasGradient;
    },
    gradient: () => gradient,
    replaceGradient(next) {
      replaceGradient(next);
      hasGradient = false;
    },
    clearGradient() {
      const [zeros] = run(programs.clear(), [gradient]);
      replaceGradient(zeros!);
      hasGradient = false;
    },
    forgetLesson,
    dispose() {
      forgetLesson();
      for (const buffer of [gradient, allKept, set, ...matrices.values()]) buffer?.dispose();
    },
  };
}

function held<Kind>(value: Kind | undefined, what: string): Kind {
  if (value === undefined) throw new Error(`internal: a supernet on a device without ${what}`);
  return value;
}
