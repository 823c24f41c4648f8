// A child's network trained alone: the same recipe, images and steps, without a supernet around it.
import { openRun, parseSpace, train } from "../../dist/index.js";
import { findPlace } from "../../dist/data/place.js";
import { judgeOn } from "./judge.mjs";

/** A space of one architecture. @param data a convnet space whose blocks share their choices within a stage */
function spaceOf(data, { resolution, stem, stages, head }) {
  const only = (values) => [...new Set(values)];
  return {
    ...{ ...data, name: `${data.name}-alone`, resolutions: [resolution] },
    stem: { ...data.stem, width: [stem] },
    stages: data.stages.map((stage, i) => {
      const { width, depth, kernels, expands } = stages[i];
      return { ...stage, width: [width], depth: [depth], kernel: only(kernels), expand: only(expands) };
    }),
    head: { ...data.head, width: [head] },
  };
}

/** Accuracy on the unseen images of a network trained alone. */
export async function trainAlone(run, architecture, { recipe, threads, out, unseen }) {
  const space = parseSpace(spaceOf(run.description.space, architecture), "alone");
  const source = await findPlace(run.folder, run.description.data.source);
  const steps = run.steps;
  const alone = { ...recipe, sandwich: { smallest: false, random: 0 } };
  await train({ space, data: run.data, source, recipe: alone, steps, seed: run.description.seed, out, ...threads });
  const { accuracy } = await judgeOn(await openRun(out), unseen)(architecture);
  return accuracy;
}
