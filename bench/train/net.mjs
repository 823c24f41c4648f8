// What is measured: a net, its batch, its weights and images, made by nestling's own code from the dist/ that is given.
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";

export const nets = {
  R: { space: "bench/spaces/r.json", batch: 128 },
  "R-se": { space: "bench/spaces/r-se.json", batch: 128 },
  bignas: { space: "bignas", batch: 32, resolution: 128 },
};
export const netNames = Object.keys(nets);

/** A net of above, or any space at batch 128; its name may end with a resolution and a batch: R/512, bignas@224/64. */
export function netOf(name) {
  const [, base, resolution, batch] = /^(.+?)(?:@(\d+))?(?:\/(\d+))?$/s.exec(name);
  const net = nets[base] ?? { space: base, batch: 128 };
  return { ...net, ...(resolution && { resolution: Number(resolution) }), ...(batch && { batch: Number(batch) }) };
}

/** Steps whose children differ; a round runs one of them. More than programs are kept, as in training. */
export const STEPS = 8;

export const importFrom = (root, path) => import(pathToFileURL(resolve(root, "dist", path)));

/** The places of parameters in flat arrays; an older nestling has them beside the first weights. */
export const importLayout = (root) =>
  importFrom(root, "graph/layout.js").catch(() => importFrom(root, "supernet/initialize.js"));

/** The task of a net as `train` would make it, on random images; `roles` takes the sandwich down to the biggest child. */
export async function makeTask(root, netName, { execution, biggestOnly = false, precision = "float32" }) {
  const { space: path, batch, resolution } = netOf(netName);
  const [{ loadSpace, parseSpace }, { buildSupernet }, { recipeSchema }, { random }] = await Promise.all(
    ["supernet/spaces.js", "supernet/supernet.js", "train/recipe.js", "base/random.js"].map((file) =>
      importFrom(root, file),
    ),
  );
  const { layoutOf } = await importLayout(root);
  const loaded = await loadSpace(path);
  const space = resolution ? parseSpace({ ...loaded.data, resolutions: [resolution] }, path) : loaded;
  const supernet = buildSupernet(space);
  const size = space.resolutions.at(-1);
  const draw = random(1, "bench");
  const pixels = Uint8Array.from({ length: batch * size * size * space.channels }, () => draw.integer(256));
  const labels = Uint16Array.from({ length: batch }, () => draw.integer(space.classes));
  return {
    supernet,
    layout: layoutOf(supernet.graph),
    recipe: recipeSchema.parse({
      name: "bench",
      batch,
      normGroup: batch / 2,
      ...(biggestOnly && { sandwich: { smallest: false, random: 0 } }),
      lastGamma: "one",
      optimizer: { kind: "sgd-nesterov" },
      dropout: 0,
    }),
    seed: 1,
    execution,
    precision,
    images: { count: batch, height: size, width: size, channels: space.channels, pixels, labels },
    normalization: { mean: Array(space.channels).fill(0.5), std: Array(space.channels).fill(0.3) },
    batch,
    group: batch / 2,
  };
}

/** Everything that another framework needs to run the same steps: the children's graphs, boxes and masks, as plain data. */
export async function describeSteps(root, task) {
  const [{ childrenOf }, { slice, boxesOf }, { mask, atMaximum }, { makeBatch }] = await Promise.all(
    ["train/sandwich.js", "supernet/slice.js", "supernet/mask.js", "data/make-batch.js"].map((file) =>
      importFrom(root, file),
    ),
  );
  const { supernet, layout, images, normalization, batch } = task;
  const { graph } = supernet;
  const nodesOf = ({ nodes }) =>
    nodes.map(({ op, in: inputs, attributes, out }) => ({
      op,
      in: Object.fromEntries(Object.entries(inputs).map(([key, { name }]) => [key, name])),
      attributes,
      out: out.y.name,
    }));
  const steps = Array.from({ length: STEPS }, (_, step) =>
    childrenOf(task, step).map(({ architecture }) => {
      const setting = supernet.settingOf(architecture);
      const sliced = slice(graph, setting);
      return {
        nodes: nodesOf(sliced),
        boxes: Object.fromEntries(boxesOf(graph, sliced, setting)),
        masks: Object.fromEntries(mask(graph, setting)),
      };
    }),
  );
  return {
    plan: {
      slots: [...layout.slots].map(([name, { shape, offset, length }]) => ({ name, shape, offset, length })),
      input: graph.input.name,
      masked: nodesOf(atMaximum(graph)),
      steps,
      batch,
      group: task.group,
      classes: supernet.space.classes,
      smoothing: task.recipe.labelSmoothing,
      imageShape: [batch, images.height, images.width, images.channels],
      labels: [...images.labels],
    },
    images: makeBatch(
      images,
      Array.from({ length: batch }, (_, i) => i),
      images.height,
      normalization,
    ),
  };
}
