// The programs of engine pjrt for a space, written for an accelerator: how many, how large their text is, and what goes up and down in a
// step of one norm group, besides images that go up as bytes. It needs no plugin.
//   node bench/train/programs.mjs fashion bench/spaces/r.json bignas
import { importFrom, importLayout } from "./net.mjs";

const [child, { lessonProgram, lessonNumbers, lessonFactors }, { updateProgram, updateNumbers }, { maskPlanOf }] =
  await Promise.all(
    [
      "engine/pjrt/lowering/child.js",
      "engine/pjrt/lowering/lesson.js",
      "engine/pjrt/lowering/update.js",
      "engine/mask-plan.js",
    ].map((file) => importFrom(".", file)),
  );
const [{ residentOf }, { loadSpace }, { buildSupernet }, { recipeSchema }, { biggest }] = await Promise.all(
  [
    "train/device/device-step.js",
    "supernet/spaces.js",
    "supernet/supernet.js",
    "train/recipe.js",
    "space/space.js",
  ].map((file) => importFrom(".", file)),
);
const { layoutOf } = await importLayout(".");
const GROUP = 64;
const CHILDREN = 4;

async function optionsOf(name) {
  const supernet = buildSupernet(await loadSpace(name));
  const { channels, resolutions } = supernet.space;
  const size = Math.max(...resolutions);
  return {
    supernet,
    // What a trainer asks a device for.
    options: residentOf(
      { name: "pjrt", resident: (options) => options },
      {
        ...{ supernet, layout: layoutOf(supernet.graph), group: GROUP },
        recipe: recipeSchema.parse({ name: "programs", batch: GROUP, normGroup: GROUP }),
        images: { height: size, width: size, channels },
        normalization: { mean: Array(channels).fill(0.5), std: Array(channels).fill(0.3) },
      },
    ),
  };
}

const kilobytes = ({ text }) => Math.round(text.length / 1000);
const operationsOf = ({ text }) => text.match(/ = stablehlo\./g).length;

for (const name of process.argv.slice(2)) {
  const { supernet, options } = await optionsOf(name);
  const { layout, pictures, optimizer } = options;
  const plan = maskPlanOf(options.graph, layout);
  const { resolutions } = supernet.space;
  const lowering = { backend: "accelerator", precision: "float32" };
  const childPrograms = resolutions.map((resolution) =>
    child.childProgram(options, plan, { lowering, resolution, isRounded: false }),
  );
  const others = [
    lessonProgram(options),
    lessonProgram(options, 1000),
    child.decayProgram(options, plan),
    updateProgram({ length: layout.length, rule: optimizer, hasAverage: false, clips: true }),
  ];
  const setting = supernet.settingOf(biggest(supernet.space));
  const numbers = child.childNumbers(plan, { setting, images: GROUP }).byteLength;
  const kept = GROUP * child.keptBytes(options);
  const held = { index: 0, dx: 0, dy: 0, mirror: false };
  const lesson = (pictures) => ({
    pictures,
    labels: Array(GROUP).fill(0),
    counted: Array(GROUP).fill(0),
    smoothing: 0,
  });
  const numbersUp = (pictures) => lessonNumbers(lesson(pictures), options.pictures.size).byteLength;
  const besides =
    lessonFactors(lesson([])).byteLength +
    CHILDREN * numbers +
    kept +
    child.decayNumbers(plan, options, { setting, used: new Set(), rate: 0 }).byteLength +
    updateNumbers({ rate: 0, clipNorm: null, averaging: 0 }).byteLength;
  console.log(
    JSON.stringify({
      // A run uses one of the two that make a lesson.
      ...{ space: name, programs: childPrograms.length + others.length - 1 },
      childKilobytes: childPrograms.map(kilobytes),
      childOperations: childPrograms.map(operationsOf),
      otherKilobytes: others.map(kilobytes),
      images: GROUP * pictures.size ** 2 * pictures.channels,
      numbersOfChild: numbers / 4,
      up: besides + numbersUp(new Uint8Array(0)),
      upWhereImagesAreHeld: besides + numbersUp(Array(GROUP).fill(held)),
      down: 4 * (2 * CHILDREN + 1),
    }),
  );
}
