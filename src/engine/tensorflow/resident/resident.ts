/** A supernet that lives on a backend of TensorFlow.js (src/engine/resident.ts). What it holds between two calls are kept tensors. */
import type { Scalar, Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import { nodesOf, parametersOf } from "../../../graph/graph.js";
import type { ResidentChild, ResidentOptions, ResidentSupernet } from "../../resident.js";
import type { BackendKernels, TF } from "../backend.js";
import { Pass } from "../pass.js";
import { deviceLoss } from "./loss.js";
import { deviceMasks, shapedAs } from "./masks.js";
import { lessonMaker, type DeviceLesson } from "./lesson.js";
import { normOf, updated, type DeviceArrays } from "./update.js";

export function residentSupernet(tf: TF, kernels: BackendKernels, options: ResidentOptions): ResidentSupernet {
  const { graph, whole, layout, group, optimizer: rule } = options;
  const { slots } = layout;
  const logits = whole.outputs[0]!;
  const trained = parametersOf(whole);
  const masks = deviceMasks(tf, graph, layout);
  const lessons = lessonMaker(tf, kernels, options);
  const dropped = dropoutFactors(tf, kernels, group, nodesOf(whole, "dropout")[0]?.in.x.channels ?? 0);

  let arrays: DeviceArrays | undefined;
  /** Views of the weights by name, made once a step. */
  const parameters = new Map<string, Tensor>();
  /** Gradients by name, so far; with those of other machines, all of them lie in `summed`. */
  const gradients = new Map<string, Tensor>();
  let summed: Tensor1D | undefined;
  /** Loss and right answers of this step's children. */
  const said: Scalar[] = [];
  let lesson: DeviceLesson | undefined;
  let soft: Tensor2D | undefined;

  const present = <T>(value: T | undefined, what: string): T => {
    if (value === undefined) throw new Error(`internal: a supernet on a device without ${what}`);
    return value;
  };
  const parameterOf = (name: string): Tensor => {
    const { offset, length, shape } = slots.get(name)!;
    const { weights } = present(arrays, "weights");
    const found =
      parameters.get(name) ?? tf.keep(tf.tidy(() => shapedAs(tf, tf.slice(weights, [offset], [length]), shape)));
    parameters.set(name, found);
    return found;
  };
  /** @param more is freed or kept */
  const addGradient = (name: string, more: Tensor): void => {
    const before = gradients.get(name);
    gradients.set(name, tf.keep(before ? tf.add(before, more) : more));
    if (before) tf.dispose([before, more]);
  };
  const flatGradient = (): Tensor1D => {
    const each = [...slots].map(([name, { length }]) => {
      const gradient = gradients.get(name) ?? tf.mul(parameterOf(name), 0);
      return gradient.rank === 1 ? gradient : tf.reshape(gradient, [length]);
    });
    const flat = tf.concat1d(each as Tensor1D[]);
    return summed ? tf.add(summed, flat) : flat;
  };
  const forget = (tensors: Map<string, Tensor>): void => {
    tf.dispose([...tensors.values()]);
    tensors.clear();
  };
  const forgetGradients = (): void => {
    forget(gradients);
    summed?.dispose();
    summed = undefined;
  };
  const forgetLesson = (): void => {
    if (lesson) tf.dispose([lesson.images, lesson.targets, lesson.counted]);
    soft?.dispose();
    lesson = soft = undefined;
  };
  const hold = (next: DeviceArrays): void => {
    if (arrays) tf.dispose(tensorsOf(arrays));
    for (const tensor of tensorsOf(next)) tf.keep(tensor);
    arrays = next;
    forget(parameters);
  };

  const run = ({ setting, targets, teaches, dropout, images }: ResidentChild): void => {
    const learned = present(lesson, "a lesson");
    const masked = masks.at(setting);
    const effective = new Map(trained.map(({ name }) => [name, masked.effective(name, parameterOf(name))]));
    const pass = new Pass(tf, kernels, whole, effective, dropout && dropped(dropout));
    pass.forward(lessons.resized(learned.images, setting.resolution));
    const wanted = targets === "labels" ? learned.targets : present(soft, "a teacher");
    const loss = deviceLoss(tf, pass.value(logits) as Tensor2D, wanted, learned.counted, images);
    said.push(tf.keep(loss.sum), tf.keep(loss.correct));
    if (teaches) soft = tf.keep(loss.probabilities);
    pass.backward(loss.gradient);
    for (const parameter of trained) {
      if (masked.isTrained(parameter.name)) {
        const gradient = pass.takeGradient(parameter);
        const through = masked.gradient(parameter.name, gradient);
        if (through !== gradient) gradient.dispose();
        addGradient(parameter.name, through);
      }
    }
    pass.end();
  };

  return {
    load({ weights, average, optimizer }) {
      hold({
        weights: tf.tensor1d(weights),
        average: average && tf.tensor1d(average),
        optimizer: new Map([...optimizer].map(([name, state]) => [name, tf.tensor1d(state)])),
      });
    },
    teach(given) {
      forgetLesson();
      tf.tidy(() => {
        lesson = lessons.lesson(given);
        for (const tensor of [lesson.images, lesson.targets, lesson.counted]) tf.keep(tensor);
      });
    },
    child: (child) => tf.tidy(() => run(child)),
    decay({ setting, used, rate }) {
      tf.tidy(() => {
        const masked = masks.at(setting);
        for (const name of used) addGradient(name, tf.mul(masked.inBox(name, parameterOf(name)), rate));
      });
    },
    async gradient() {
      const flat = tf.tidy(flatGradient);
      const values = await flat.data<"float32">();
      flat.dispose();
      forgetGradients();
      return values;
    },
    replaceGradient(sum) {
      forgetGradients();
      summed = tf.keep(tf.tensor1d(sum));
    },
    async update(update) {
      const numbers = tf.tidy(() => {
        const gradient = flatGradient();
        const norm = normOf(tf, gradient);
        hold(updated(tf, rule, present(arrays, "weights"), { gradient, norm, update }));
        return tf.stack([...said, norm]);
      });
      forgetGradients();
      forgetLesson();
      tf.dispose(said.splice(0));
      const values = await numbers.data<"float32">();
      numbers.dispose();
      const children = Array.from({ length: (values.length - 1) / 2 }, (_, i) => ({
        loss: values[2 * i]!,
        correct: values[2 * i + 1]!,
      }));
      return { children, gradientNorm: values.at(-1)! };
    },
    async arrays() {
      const { weights, average, optimizer } = present(arrays, "weights");
      const read = (tensor: Tensor1D): Promise<Float32Array> => tensor.data<"float32">();
      return {
        weights: await read(weights),
        average: average && (await read(average)),
        optimizer: new Map(
          await Promise.all([...optimizer].map(async ([name, state]) => [name, await read(state)] as const)),
        ),
      };
    },
    dispose() {
      forgetLesson();
      forgetGradients();
      forget(parameters);
      tf.dispose(said.splice(0));
      if (arrays) tf.dispose(tensorsOf(arrays));
      masks.dispose();
      lessons.dispose();
    },
  };
}

const tensorsOf = ({ weights, average, optimizer }: DeviceArrays): Tensor1D[] => [
  weights,
  ...(average ? [average] : []),
  ...optimizer.values(),
];

/** What bits make of the features before the classifier: 0 or 1 / (1 − rate), [group, features]. */
function dropoutFactors(
  tf: TF,
  kernels: BackendKernels,
  group: number,
  features: number,
): (dropout: NonNullable<ResidentChild["dropout"]>) => Tensor2D {
  const bytes = Math.ceil(features / 8);
  return ({ kept, rate }) => {
    const powers = tf.tensor1d([1, 2, 4, 8, 16, 32, 64, 128]);
    const bits = tf.mod(tf.floor(tf.div(kernels.bytes(kept, [group, bytes, 1]), powers)), 2);
    const factors: Tensor2D = tf.reshape(bits, [group, 8 * bytes]);
    return tf.mul(tf.slice(factors, [0, 0], [group, features]), 1 / (1 - rate));
  };
}
