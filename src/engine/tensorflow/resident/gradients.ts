/** The gradient of a step, to which its children add: kept tensors by the parameters' names. */
import type { Tensor, Tensor1D } from "@tensorflow/tfjs-core";
import type { Layout } from "../../../graph/layout.js";
import type { TF } from "../backend.js";

export interface Gradients {
  /** @param more is freed or kept */
  add(name: string, more: Tensor): void;
  /**
   * All of it in one vector, a tensor of the tidy that it is called in.
   * @param zeros of a parameter to which nothing was added
   */
  flat(zeros: (name: string) => Tensor): Tensor1D;
  /** Starts from a vector. */
  replace(sum: Float32Array): void;
  clear(): void;
}

export function gradientsOf(tf: TF, { slots }: Layout): Gradients {
  const byName = new Map<string, Tensor>();
  let started: Tensor1D | undefined;
  const clear = (): void => {
    tf.dispose([...byName.values()]);
    byName.clear();
    started?.dispose();
    started = undefined;
  };
  return {
    add(name, more) {
      const before = byName.get(name);
      byName.set(name, tf.keep(before ? tf.add(before, more) : more));
      if (before) tf.dispose([before, more]);
    },
    flat(zeros) {
      const each = [...slots].map(([name, { length }]) => {
        const gradient = byName.get(name) ?? zeros(name);
        return (gradient.rank === 1 ? gradient : tf.reshape(gradient, [length])) as Tensor1D;
      });
      const sum = tf.concat1d(each);
      return started ? tf.add(started, sum) : sum;
    },
    replace(sum) {
      clear();
      started = tf.keep(tf.tensor1d(sum));
    },
    clear,
  };
}
