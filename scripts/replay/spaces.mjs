/** What a space means: its count, ids, neighbours, mutants and grid; its graph, slices and masks; the .onnx bytes of its children. */
import { random } from "../../dist/base/random.js";
import { slicedChild } from "../../dist/compile/children.js";
import { emit } from "../../dist/compile/emit.js";
import { lower } from "../../dist/compile/lower.js";
import { floatSteps } from "../../dist/compile/passes.js";
import { recalibration } from "../../dist/compile/recalibration.js";
import { runPasses } from "../../dist/compile/run-passes.js";
import { print } from "../../dist/graph/print.js";
import { coarseGrid } from "../../dist/search/grid.js";
import { loadSpace } from "../../dist/supernet/spaces.js";
import { biggest, countArchitectures, idOf, mutate, neighbours, sample, smallest } from "../../dist/space/space.js";
import { layoutOf, viewsOf } from "../../dist/graph/layout.js";
import { initialize } from "../../dist/supernet/initialize.js";
import { mask } from "../../dist/supernet/mask.js";
import { slice } from "../../dist/supernet/slice.js";
import { buildSupernet } from "../../dist/supernet/supernet.js";
import { hashOf } from "./hash.mjs";

const IDS = 200;
const CHILDREN = 20;

/** @param children emits the children's files too, which takes seconds for a big space */
export async function replaySpace(name, { children }) {
  const space = await loadSpace(name);
  const supernet = buildSupernet(space);
  const drawn = Array.from({ length: IDS }, (_, i) => sample(space, random(i, "architecture")));
  const chosen = [smallest(space), biggest(space), ...drawn.slice(0, CHILDREN - 2)];
  const ids = (architectures) => architectures.map((architecture) => idOf(space, architecture));
  return {
    count: countArchitectures(space).toString(),
    ids: hashOf(ids(drawn)),
    architectures: hashOf(drawn),
    neighbours: hashOf(chosen.map((architecture) => ids(neighbours(space, architecture)).sort())),
    mutants: hashOf(ids(drawn.map((architecture, i) => mutate(space, architecture, 0.3, random(i, "mutant"))))),
    grid: hashOf(ids(coarseGrid(space))),
    graph: hashOf(print(supernet.graph)),
    slices: hashOf(chosen.map((architecture) => print(slice(supernet.graph, supernet.settingOf(architecture))))),
    masks: hashOf(chosen.map((architecture) => [...mask(supernet.graph, supernet.settingOf(architecture))])),
    ...(children && { onnx: await filesOf(supernet, chosen) }),
  };
}

/** By id: the hash of the child that ships and of its recalibration model, with seeded weights and given statistics. */
async function filesOf(supernet, architectures) {
  const { space, graph } = supernet;
  const layout = layoutOf(graph);
  const weights = viewsOf(layout, initialize(layout, 0, 1));
  for (const [name, values] of weights) {
    const draw = random("replay", name);
    if (name.endsWith(".gamma")) values.forEach((_, i) => (values[i] = 0.5 + draw.next()));
    if (name.endsWith(".beta") || name.endsWith(".bias")) values.forEach((_, i) => (values[i] = 0.3 * draw.normal()));
  }
  const files = [];
  for (const architecture of architectures) {
    const child = slicedChild(supernet, weights, architecture);
    const { resolution } = architecture;
    const lowered = lower.run(child).child;
    const observed = emit({ ...lowered, graph: recalibration.observe(lowered.graph) }, { resolution });
    const passed = await runPasses(child, floatSteps, () => statisticsOf(child.graph));
    const shipped = emit(passed.child, { resolution, output: "logits" });
    files.push([idOf(space, architecture), `${hashOf(shipped)} ${hashOf(observed)}`]);
  }
  return Object.fromEntries(files);
}

function statisticsOf(graph) {
  const statistics = new Map();
  for (const node of graph.nodes) {
    if (node.op !== "batchNorm") continue;
    const draw = random("replay", node.name);
    const length = node.in.gamma.shape[0];
    statistics.set(
      `${node.name}.mean`,
      Float32Array.from({ length }, () => draw.normal()),
    );
    statistics.set(
      `${node.name}.variance`,
      Float32Array.from({ length }, () => 0.5 + draw.next()),
    );
  }
  return statistics;
}
