/** Finds fields of a convnet's space that are valid one by one but not together. */
import type { Problem } from "../../base/user-error.js";
import { expand } from "../blocks/block.js";
import { blocks, blockOf } from "../blocks/blocks.js";
import { listedBy, ownChoices, type ConvnetData, type StageData } from "./schema.js";
import { stageOf } from "./stage.js";

type Report = (wrong: boolean, path: string, problem: Omit<Problem, "at">) => void;

/** @param at names the space in messages */
export function problemsOf(space: ConvnetData, at: string): Problem[] {
  const problems: Problem[] = [];
  const report: Report = (wrong, path, problem) => {
    if (wrong) problems.push({ at: `${at}: ${path}`, ...problem });
  };
  reportWidths(space, report);
  space.stages.forEach((stage, i) => {
    const taken = space.stages.slice(0, i).some(({ name }) => name === stage.name);
    const want = "a name that no other stage has";
    report(taken, `stages[${i}].name`, { got: stage.name, want, fix: "Rename it." });
    reportStage(stage, `stages[${i}]`, report);
  });
  const reduction = space.stages.reduce<number>((product, { stride }) => product * stride, space.stem.stride);
  space.resolutions.forEach((resolution, i) =>
    report(resolution < reduction, `resolutions[${i}]`, {
      got: resolution,
      want: `at least ${reduction}, the product of all strides`,
      fix: "Use a larger resolution or fewer strides.",
    }),
  );
  return problems;
}

function reportWidths({ divisor, stem, stages, head }: ConvnetData, report: Report): void {
  const widths: [path: string, widths: readonly number[]][] = [
    ["stem.width", stem.width],
    ...(Array.isArray(head.width) ? [["head.width", head.width] satisfies [string, number[]]] : []),
    ...(head.mix ? [["head.mix.width", head.mix.width] satisfies [string, number[]]] : []),
    ...stages.map(({ width }, i): [string, number[]] => [`stages[${i}].width`, width]),
  ];
  for (const [path, list] of widths) {
    list.forEach((width, i) => {
      const low = Math.floor(width / divisor) * divisor;
      const fix = low > 0 ? `Use ${low} or ${low + divisor}.` : `Use ${divisor}.`;
      const want = `a multiple of ${divisor}, the divisor`;
      report(width % divisor !== 0, `${path}[${i}]`, { got: width, want, fix });
    });
  }
}

const namesOf = (kinds: typeof blocks): string => kinds.map(({ name }) => name).join(" or ");

function reportStage(stage: StageData, path: string, report: Report): void {
  const kind = blockOf(stage.block);
  report(stage.expand.length > 1 && stage.expand.includes(1), `${path}.expand`, {
    got: stage.expand.join(", "),
    want: "1 alone, or ratios above 1",
    fix: "With ratio 1 the block has no expand convolution, so it can't be one of several: remove the 1.",
  });
  const expands = kind.chooses.includes(expand);
  report(!expands && (stage.expand.length > 1 || stage.expand[0] !== 1), `${path}.expand`, {
    got: stage.expand.join(", "),
    want: `1 for the block ${stage.block}`,
    fix: `Leave "expand" out, or use the block ${namesOf(blocks.filter(({ chooses }) => chooses.includes(expand)))}.`,
  });
  report(!kind.squeezeExcite && stage.squeezeExcite !== undefined, `${path}.squeezeExcite`, {
    got: "given",
    want: `none for the block ${stage.block}`,
    fix: `Leave it out, or use the block ${namesOf(blocks.filter(({ squeezeExcite }) => squeezeExcite))}.`,
  });
  report(!kind.kernelMayBeZero && stage.kernel.includes(0), `${path}.kernel`, {
    got: stage.kernel.join(", "),
    want: `odd kernel sizes for the block ${stage.block}`,
    fix: "Remove the 0.",
  });
  for (const choice of ownChoices) {
    report(!kind.chooses.includes(choice) && choice.field in stage, `${path}.${choice.field}`, {
      got: listedBy(stage, choice.field).join(", "),
      want: `none for the block ${stage.block}`,
      fix: `Leave it out, or use the block ${namesOf(blocks.filter(({ chooses }) => chooses.includes(choice)))}.`,
    });
  }
  for (const { field, ...problem } of kind.problemsOf?.(stageOf(stage)) ?? [])
    report(true, `${path}.${field}`, problem);
}
