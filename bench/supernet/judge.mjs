// Accuracy of children's compiled files on images that nobody saw.
import { biggest, compiler, measureAccuracy, random, sample, smallest } from "../../dist/index.js";
import { blockOf } from "../../dist/run/run.js";

const RECALIBRATION_IMAGES = 2000;

/** A function that judges an architecture of the run. @param unseen as `unseenImages` finds them */
export function judgeOn(run, { data, part, indices, labels }) {
  const { compile } = compiler(run, { recalibrationImages: RECALIBRATION_IMAGES });
  const blockAt = (resolution) => ({ ...blockOf({ data }, part, indices, resolution), labels });
  return async (architecture) => {
    const { id, macs, bytes } = await compile(architecture);
    const { accuracy } = await measureAccuracy(bytes, blockAt(architecture.resolution));
    return { id, architecture, macs, accuracy };
  };
}

/** The smallest, the biggest and random architectures, the same for every run of the space. */
export const subjectsOf = (space, count) => [
  smallest(space),
  biggest(space),
  ...Array.from({ length: count }, (_, i) => sample(space, random(0, "bench", "supernet", i))),
];
