/** The arrays that training changes, on the device: flat vectors, as the layout has them, and views of the weights by name. */
import type { Tensor, Tensor1D } from "@tensorflow/tfjs-core";
import type { Layout } from "../../../graph/layout.js";
import type { TrainedArrays } from "../../resident.js";
import type { TF } from "../backend.js";
import { shapedAs } from "./masks.js";
import type { DeviceArrays } from "./update.js";

export interface HeldArrays {
  load(arrays: TrainedArrays): void;
  /** A parameter in its shape: a kept tensor, made once a step. */
  parameter(name: string): Tensor;
  /** @param change from what is held to new tensors, which are kept instead */
  change(change: (arrays: DeviceArrays) => DeviceArrays): void;
  read(): Promise<TrainedArrays>;
  dispose(): void;
}

export function heldArrays(tf: TF, { slots }: Layout): HeldArrays {
  let arrays: DeviceArrays | undefined;
  const parameters = new Map<string, Tensor>();
  const held = (): DeviceArrays => {
    if (!arrays) throw new Error("internal: a supernet on a device without weights");
    return arrays;
  };
  const forget = (): void => {
    if (arrays) tf.dispose(tensorsOf(arrays));
    tf.dispose([...parameters.values()]);
    parameters.clear();
    arrays = undefined;
  };
  const hold = (next: DeviceArrays): void => {
    for (const tensor of tensorsOf(next)) tf.keep(tensor);
    forget();
    arrays = next;
  };
  return {
    load({ weights, average, optimizer }) {
      hold({
        weights: tf.tensor1d(weights),
        average: average && tf.tensor1d(average),
        optimizer: new Map([...optimizer].map(([name, state]) => [name, tf.tensor1d(state)])),
      });
    },
    parameter(name) {
      const { offset, length, shape } = slots.get(name)!;
      const made =
        parameters.get(name) ??
        tf.keep(tf.tidy(() => shapedAs(tf, tf.slice(held().weights, [offset], [length]), shape)));
      parameters.set(name, made);
      return made;
    },
    change: (change) => hold(change(held())),
    async read() {
      const { weights, average, optimizer } = held();
      const read = (tensor: Tensor1D): Promise<Float32Array> => tensor.data<"float32">();
      const states = [...optimizer].map(async ([name, state]) => [name, await read(state)] as const);
      return {
        weights: await read(weights),
        average: average && (await read(average)),
        optimizer: new Map(await Promise.all(states)),
      };
    },
    dispose: forget,
  };
}

const tensorsOf = ({ weights, average, optimizer }: DeviceArrays): Tensor1D[] => [
  weights,
  ...(average ? [average] : []),
  ...optimizer.values(),
];
