/** A supernet that lives on a backend of TensorFlow.js (src/engine/resident.ts). What it holds between two calls are kept tensors. */
import type { Scalar, Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import { nodesOf, parametersOf, type PlainGraph } from "../../../graph/graph.js";
import { roundedOf, type ResidentChild, type ResidentOptions, type ResidentSupernet } from "../../resident.js";
import type { BackendKernels, TF } from "../backend.js";
import { Pass } from "../pass.js";
import { heldArrays } from "./arrays.js";
import { dropoutFactors } from "./dropout.js";
import { gradientsOf } from "./gradients.js";
import { lessonMaker, type DeviceLesson } from "./lesson.js";
import { deviceLoss } from "./loss.js";
import { deviceMasks, type DeviceMasks } from "./masks.js";
import { normOf, updated } from "./update.js";

export function residentSupernet(tf: TF, kernels: BackendKernels, options: ResidentOptions): ResidentSupernet {
  const { graph, whole, layout, group, optimizer: rule } = options;
  const logits = whole.outputs[0]!;
  const features = nodesOf(whole, "dropout")[0]?.in.x.channels ?? 0;
  const parameters = parametersOf(whole);
  const masks = deviceMasks(tf, graph, layout);
  const lessons = lessonMaker(tf, kernels, options);
  const arrays = heldArrays(tf, layout);
  const gradients = gradientsOf(tf, layout);
  /** Loss and right answers of this step's children. */
  const said: Scalar[] = [];
  let lesson: DeviceLesson | undefined;
  let soft: Tensor2D | undefined;

  const forgetLesson = (): void => {
    if (lesson) tf.dispose([lesson.images, lesson.targets, lesson.counted]);
    soft?.dispose();
    lesson = soft = undefined;
  };
  const targetsOf = (learned: DeviceLesson, targets: ResidentChild["targets"]): Tensor2D => {
    if (targets === "labels") return learned.targets;
    if (!soft) throw new Error("internal: a child learns before its teacher");
    return soft;
  };
  const flatGradient = () => gradients.flat((name) => tf.mul(arrays.parameter(name), 0));

  /** A child's graph, and its parameters under their masks. */
  const formOf = (masked: DeviceMasks, isRounded: boolean): [PlainGraph<"trained">, Map<string, Tensor>] => {
    const each = (change: (name: string, full: Tensor) => Tensor): Map<string, Tensor> =>
      new Map(parameters.map(({ name }) => [name, change(name, arrays.parameter(name))]));
    if (!isRounded) return [whole, each((name, full) => masked.effective(name, full))];
    const { whole: rounded, bits } = roundedOf(options);
    return [rounded, each((name, full) => masked.rounded(name, full, bits))];
  };

  const run = ({ setting, isRounded, targets, teaches, dropout, images }: ResidentChild): void => {
    if (!lesson) throw new Error("internal: a child without a lesson");
    const masked = masks.at(setting);
    const [form, effective] = formOf(masked, isRounded);
    const factors = dropout && dropoutFactors(tf, kernels, dropout, { group, features });
    const pass = new Pass(tf, kernels, form, effective, factors);
    pass.forward(lessons.resized(lesson.images, setting.resolution));
    const wanted = targetsOf(lesson, targets);
    const loss = deviceLoss(tf, pass.value(logits) as Tensor2D, wanted, lesson.counted, images);
    said.push(tf.keep(loss.sum), tf.keep(loss.correct));
    if (teaches) soft = tf.keep(loss.probabilities);
    pass.backward(loss.gradient);
    for (const parameter of parameters) {
      if (!masked.isTrained(parameter.name)) continue;
      const gradient = pass.takeGradient(parameter);
      const through = masked.gradient(parameter.name, gradient);
      if (through !== gradient) gradient.dispose();
      gradients.add(parameter.name, through);
    }
    pass.end();
  };

  return {
    load: (given) => arrays.load(given),
    holdPictures: (pixels) => lessons.holdPictures(pixels),
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
        for (const name of used) gradients.add(name, tf.mul(masked.inBox(name, arrays.parameter(name)), rate));
      });
    },
    async gradient() {
      const flat = tf.tidy(flatGradient);
      const values = await flat.data<"float32">();
      flat.dispose();
      gradients.clear();
      return values;
    },
    replaceGradient: (sum) => gradients.replace(sum),
    async update(update) {
      const numbers = tf.tidy(() => {
        const gradient = flatGradient();
        const norm = normOf(tf, gradient);
        arrays.change((before) => updated(tf, rule, before, { gradient, norm, update }));
        return tf.stack([...said, norm]);
      });
      gradients.clear();
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
    arrays: () => arrays.read(),
    dispose() {
      forgetLesson();
      gradients.clear();
      tf.dispose(said.splice(0));
      for (const part of [arrays, masks, lessons]) part.dispose();
    },
  };
}
