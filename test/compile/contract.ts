/**
 * The contract, "masked = sliced = compiled", in every form a child runs in:
 *
 *   on the engine        masked and sliced, each as it trains (normalising by the batch)
 *   on onnxruntime       the masked supernet as written; the compiled child as written and with all optimisations
 *
 * The fixed statistics are measured on the same images that are compared. Normalising by the batch and by the
 * statistics is then the same function, so one tolerance applies to all five forms.
 */
import type { Engine, Program } from "../../src/engine/engine.js";
import { maskedChild, slicedChild } from "../../src/compile/children.js";
import type { Child } from "../../src/compile/child.js";
import { emit } from "../../src/compile/emit.js";
import { measure } from "../../src/compile/measure.js";
import { floatSteps } from "../../src/compile/passes.js";
import { recalibration } from "../../src/compile/recalibration.js";
import { runPasses } from "../../src/compile/run-passes.js";
import { toChannelsFirst } from "../../src/data/make-batch.js";
import { parametersOf, type PlainGraph } from "../../src/graph/graph.js";
import { withSession } from "../../src/runtime/session.js";
import type { SearchSpace } from "../../src/space/space.js";
import { applyMask, atMaximum, mask } from "../../src/supernet/mask.js";
import { randomArchitectures, randomImages, randomSupernet } from "./random-children.js";
import type { Floats } from "../float-block.js";
import { packed } from "./random-net-child.js";

/** max |difference of logits| ≤ TOLERANCE × (1 + max |logit|) (design.md). */
export const TOLERANCE = 1e-4;

export interface Worst {
  readonly id: string;
  /** max |difference| / (1 + max |logit|) between any two of the forms. */
  readonly difference: number;
}

export interface ContractCase {
  readonly space: SearchSpace;
  readonly seed: number;
  /** Number of random architectures. */
  readonly count: number;
  /** Images per batch. */
  readonly batch: number;
}

/**
 * Checks random architectures against the contract and returns the largest difference.
 * @throws an error that names space, seed, architecture and form if the contract is broken
 */
export async function holdContract(engine: Engine, { space, seed, count, batch }: ContractCase): Promise<Worst> {
  const { supernet, weights } = randomSupernet(space, seed);
  const whole = atMaximum(supernet.graph);
  const parameters = parametersOf(supernet.graph);
  /** As in training: one program for all architectures of a resolution. */
  const supernetPrograms = new Map<number, Program>();
  let worst: Worst = { id: "none", difference: 0 };

  for (const [id, architecture] of randomArchitectures(space, seed, count)) {
    const { resolution } = architecture;
    const block = randomImages(space, resolution, batch, seed);
    const compileAt = (graph: PlainGraph<"trained">): Program => engine.compile(graph, { batch, resolution });
    const supernetProgram = supernetPrograms.get(resolution) ?? compileAt(whole);
    supernetPrograms.set(resolution, supernetProgram);
    const onEngine = ({ graph, weights }: Child<"trained">): Promise<Float32Array> =>
      compileAt(graph).forward(packed(weights), block.images);

    const masks = mask(supernet.graph, supernet.settingOf(architecture));
    const masked = new Map(
      parameters.map((parameter) => [
        parameter.name,
        applyMask(masks.get(parameter.name), parameter, weights.get(parameter.name)!),
      ]),
    );
    const sliced = slicedChild(supernet, weights, architecture);
    const passed = await runPasses(sliced, floatSteps, (measured, before) => measure(measured, before, block));
    const statistics = passed.found.get(recalibration.name)!;
    const fixed = maskedChild(supernet, weights, architecture, statistics);
    const compiled = emit(passed.child, { resolution, output: "logits" });

    const child = await onRuntime(compiled, block, "all");
    const others: Record<string, Float32Array> = {
      "masked on the engine, as it trains": await supernetProgram.forward(masked, block.images),
      "sliced on the engine, as it trains": await onEngine(sliced),
      "masked on onnxruntime": await onRuntime(emit(fixed, { resolution }), block, "disabled"),
      "compiled, as written": await onRuntime(compiled, block, "disabled"),
    };

    const forms = [child, ...Object.values(others)];
    const scale = 1 + forms.reduce((most, logits) => Math.max(most, largest(logits)), 0);
    for (const [form, logits] of Object.entries(others)) {
      const difference = largest(logits.map((value, i) => value - child[i]!)) / scale;
      // Written so that NaN fails.
      if (!(difference <= TOLERANCE)) {
        throw new Error(
          `${space.name}, seed ${seed}, architecture ${id}: ${form} differs from the compiled child by ${difference} × (1 + max |logit|)`,
        );
      }
    }
    const spread = largest(
      child.map((_, i) => Math.max(...forms.map((f) => f[i]!)) - Math.min(...forms.map((f) => f[i]!))),
    );
    if (spread / scale > TOLERANCE) {
      throw new Error(`${space.name}, seed ${seed}, architecture ${id}: two forms differ by ${spread / scale}`);
    }
    if (spread / scale > worst.difference) worst = { id, difference: spread / scale };
  }
  return worst;
}

export const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, x) => Math.max(most, Math.abs(x)), 0);

/** The first output of a model. */
export const onRuntime = (
  bytes: Uint8Array,
  { images, count, resolution, channels }: Floats,
  optimization: "all" | "disabled",
): Promise<Float32Array> =>
  withSession(bytes, { threads: 1, optimization }, async (session) => {
    const outputs = await session.run(toChannelsFirst(images, count, channels), [
      count,
      channels,
      resolution,
      resolution,
    ]);
    return outputs.get(session.outputNames[0]!)!;
  });
