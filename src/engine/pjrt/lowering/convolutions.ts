/**
 * Convolutions and their gradients. XLA's CPU backend runs a grouped convolution and its gradients many times as slowly as the same sum
 * written out (docs/engines.md), so that there a depthwise convolution is a sum of shifted images, and a 1 × 1 convolution a product of
 * matrices. Accelerators have kernels for both.
 */
import type { StableWriter, Tensor } from "../stablehlo/writer.js";
import type { Backend } from "./lowering.js";

/** A convolution of a node: pads are symmetric, (kernel − 1) / 2. */
export interface Sizes {
  readonly kernel: number;
  readonly stride: number;
}

export interface Convolution {
  forward(x: Tensor, weight: Tensor): Tensor;
  weightGradient(x: Tensor, weight: Tensor, dy: Tensor): Tensor;
  inputGradient(x: Tensor, weight: Tensor, dy: Tensor): Tensor;
}

const padOf = ({ kernel }: Sizes): number => (kernel - 1) / 2;

/** Height of a gradient whose pixels lie a stride apart. */
const spanOf = (dy: Tensor, { stride }: Sizes): number => (dy.type.shape[1]! - 1) * stride + 1;

const forwardDimensions = "[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]";
/** Channels are what is summed over the batch: each pair of channels is an image. */
const weightDimensions = "[f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f]";
const inputDimensions = "[b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f]";

/** How far a gradient is padded at its end, so that the result has the input's size. */
const inputPads = (x: Tensor, dy: Tensor, sizes: Sizes): readonly [number, number] => {
  const low = sizes.kernel - 1 - padOf(sizes);
  return [low, x.type.shape[1]! - spanOf(dy, sizes) - low + sizes.kernel - 1];
};
const weightPads = (x: Tensor, dy: Tensor, sizes: Sizes): readonly [number, number] => [
  padOf(sizes),
  sizes.kernel - 1 + spanOf(dy, sizes) - x.type.shape[1]! - padOf(sizes),
];

const outputShape = ({ type: { shape } }: Tensor, { stride }: Sizes, channels: number): number[] => {
  const [batch, height, width] = shape as [number, number, number];
  return [batch, Math.ceil(height / stride), Math.ceil(width / stride), channels];
};

/** With a weight [kernel, kernel, in, out]. */
export function convolution(w: StableWriter, sizes: Sizes, backend: Backend): Convolution {
  if (backend === "cpu" && sizes.kernel === 1 && sizes.stride === 1) return matrixProduct(w);
  const { stride } = sizes;
  return {
    forward: (x, weight) =>
      w.convolution(x, weight, {
        dimensions: forwardDimensions,
        stride,
        pad: [padOf(sizes), padOf(sizes)],
        shape: outputShape(x, sizes, weight.type.shape[3]!),
      }),
    weightGradient: (x, weight, dy) =>
      w.convolution(x, dy, {
        dimensions: weightDimensions,
        pad: weightPads(x, dy, sizes),
        kernelDilation: stride,
        shape: weight.type.shape,
      }),
    inputGradient: (x, weight, dy) =>
      w.convolution(dy, w.reverse(weight, [0, 1]), {
        dimensions: inputDimensions,
        pad: inputPads(x, dy, sizes),
        inputDilation: stride,
        shape: x.type.shape,
      }),
  };
}

/** A 1 × 1 convolution: pixels are rows. */
function matrixProduct(w: StableWriter): Convolution {
  const rows = (x: Tensor): Tensor => {
    const { shape } = x.type;
    const channels = shape.at(-1)!;
    return w.reshape(x, [shape.reduce((product, size) => product * size, 1) / channels, channels]);
  };
  const matrix = (weight: Tensor): Tensor => w.reshape(weight, weight.type.shape.slice(2));
  return {
    forward: (x, weight) =>
      w.reshape(w.product(rows(x), matrix(weight), [1, 0]), x.type.shape.with(-1, weight.type.shape[3]!)),
    weightGradient: (x, weight, dy) => w.reshape(w.product(rows(x), rows(dy), [0, 0]), weight.type.shape),
    inputGradient: (x, weight, dy) => w.reshape(w.product(rows(dy), matrix(weight), [1, 1]), x.type.shape),
  };
}

/** With a weight [kernel, kernel, channels]. */
export const depthwise = (w: StableWriter, sizes: Sizes, backend: Backend): Convolution =>
  backend === "cpu" ? shifts(w, sizes) : grouped(w, sizes);

/** A group for each channel. */
function grouped(w: StableWriter, sizes: Sizes): Convolution {
  const { kernel, stride } = sizes;
  const filter = (weight: Tensor): Tensor => w.reshape(weight, [kernel, kernel, 1, weight.type.shape[2]!]);
  return {
    forward: (x, weight) =>
      w.convolution(x, filter(weight), {
        dimensions: forwardDimensions,
        stride,
        pad: [padOf(sizes), padOf(sizes)],
        featureGroups: weight.type.shape[2]!,
        shape: outputShape(x, sizes, weight.type.shape[2]!),
      }),
    weightGradient(x, weight, dy) {
      const [, , channels] = weight.type.shape as [number, number, number];
      const made = w.convolution(x, dy, {
        dimensions: weightDimensions,
        pad: weightPads(x, dy, sizes),
        kernelDilation: stride,
        batchGroups: channels,
        shape: [kernel, kernel, 1, channels],
      });
      return w.reshape(made, weight.type.shape);
    },
    inputGradient: (x, weight, dy) =>
      w.convolution(dy, w.reverse(filter(weight), [0, 1]), {
        dimensions: forwardDimensions,
        pad: inputPads(x, dy, sizes),
        inputDilation: stride,
        featureGroups: weight.type.shape[2]!,
        shape: x.type.shape,
      }),
  };
}

/** A sum over the kernel's places: the image seen from there, times the weight there. */
function shifts(w: StableWriter, sizes: Sizes): Convolution {
  const { kernel, stride } = sizes;
  const pad = padOf(sizes);
  const places = Array.from({ length: kernel * kernel }, (_, i) => [Math.trunc(i / kernel), i % kernel] as const);
  const weightAt = (weight: Tensor, [i, j]: readonly [number, number]): Tensor => {
    const channels = weight.type.shape[2]!;
    return w.reshape(w.slice(weight, [i, j, 0], [i + 1, j + 1, channels]), [channels]);
  };
  const padded = (x: Tensor): Tensor => w.pad(x, { low: [0, pad, pad, 0], high: [0, pad, pad, 0] });
  /** The pixels of a padded image that a place meets. */
  const seenFrom = (image: Tensor, [i, j]: readonly [number, number], [, height, width]: readonly number[]): Tensor => {
    const [batch, , , channels] = image.type.shape as [number, number, number, number];
    const last = (size: number): number => (size - 1) * stride + 1;
    const ends = [batch, i + last(height!), j + last(width!), channels];
    return w.slice(image, [0, i, j, 0], ends, [1, stride, stride, 1]);
  };
  const sum = (parts: readonly Tensor[]): Tensor => parts.reduce((total, part) => w.add(total, part));
  return {
    forward(x, weight) {
      const image = padded(x);
      const shape = outputShape(x, sizes, weight.type.shape[2]!);
      return sum(places.map((place) => w.multiply(seenFrom(image, place, shape), weightAt(weight, place))));
    },
    weightGradient(x, weight, dy) {
      const image = padded(x);
      const sums = places.map((place) => {
        const products = w.multiply(seenFrom(image, place, dy.type.shape), dy);
        return w.reshape(w.reduce("add", products, [0, 1, 2]), [1, weight.type.shape[2]!]);
      });
      return w.reshape(w.concatenate(sums, 0), weight.type.shape);
    },
    inputGradient(x, weight, dy) {
      const [, height, width] = x.type.shape as [number, number, number];
      const [, dyHeight, dyWidth] = dy.type.shape as [number, number, number];
      const after = (size: number, given: number, place: number): number =>
        size + 2 * pad - place - ((given - 1) * stride + 1);
      const spread = places.map((place) => {
        const [i, j] = place;
        return w.pad(w.multiply(dy, weightAt(weight, place)), {
          low: [0, i - pad, j - pad, 0],
          high: [0, after(height, dyHeight, i) - pad, after(width, dyWidth, j) - pad, 0],
          interior: [0, stride - 1, stride - 1, 0],
        });
      });
      return sum(spread);
    },
  };
}
