/** A child on an engine: masked in the whole supernet, or on slices of the shared weights. */
import type { Arrays, Engine, Program } from "../engine/engine.js";
import type { ElasticGraph, PlainGraph } from "../graph/graph.js";
import { roundedWeights } from "../graph/rounded-weights.js";
import { idOf, type Architecture } from "../space/space.js";
import { fakeQuantized } from "../supernet/fake-quantize.js";
import { addMaskedGradient, applyMask, atMaximum, mask } from "../supernet/mask.js";
import { roundMasked, roundWeight } from "../supernet/round-weight.js";
import { boxesOf, gatherBox, isWhole, scatterAddBox, slice, type Box } from "../supernet/slice.js";
import type { Execution, Task } from "./task.js";

/** A child as an engine runs it. */
export interface Executable {
  readonly program: Program;
  /** Effective weights, made from the shared ones. */
  readonly weightsFrom: (shared: Arrays) => Arrays;
  /** Adds the program's gradients to the shared ones. */
  readonly addGradients: (gradients: Arrays, shared: Arrays) => void;
}

type ProgramOf = (key: string, graph: () => PlainGraph<"trained">, resolution: number) => Program;

/**
 * Makes children of a task executable; `dispose` frees their programs. With a number of bits, weights and activations are rounded to it:
 * another graph, other effective weights, the same gradients (straight-through).
 */
export function executor(
  engine: Engine,
  task: Task,
): { executableOf: (architecture: Architecture, bits?: number) => Executable; dispose: () => void } {
  const { supernet, execution } = task;
  const programs = keptPrograms(engine, task.group);
  const made = new Map<number | undefined, (architecture: Architecture) => Executable>();
  const makerOf = (bits: number | undefined): ((architecture: Architecture) => Executable) => {
    const graph = bits === undefined ? supernet.graph : fakeQuantized(supernet.graph, bits);
    const programOf: ProgramOf = (key, ...rest) => programs.of(`${key} in ${bits ?? 32} bits`, ...rest);
    const rounded = bits === undefined ? new Set() : roundedWeights(graph);
    const bitsOf = (name: string): number | undefined => (rounded.has(name) ? bits : undefined);
    return executions[execution]({ ...task, graph, bitsOf }, programOf);
  };
  return {
    executableOf(architecture, bits) {
      const maker = made.get(bits) ?? makerOf(bits);
      made.set(bits, maker);
      return maker(architecture);
    },
    dispose: programs.dispose,
  };
}

interface Run extends Task {
  /** The supernet's graph, with its values rounded or not. */
  readonly graph: ElasticGraph;
  /** Bits of a weight; undefined: it isn't rounded. */
  readonly bitsOf: (name: string) => number | undefined;
}

const executions: Record<Execution, (run: Run, programOf: ProgramOf) => (architecture: Architecture) => Executable> = {
  masked({ supernet, layout, graph, bitsOf }, programOf) {
    let whole: PlainGraph<"trained"> | undefined;
    const wholeGraph = (): PlainGraph<"trained"> => (whole ??= atMaximum(graph));
    return (architecture) => {
      const setting = supernet.settingOf(architecture);
      const masks = mask(graph, setting);
      const effective = (name: string, full: Float32Array): Float32Array => {
        const [own, bits] = [masks.get(name), bitsOf(name)];
        const { parameter } = layout.slots.get(name)!;
        if (bits === undefined) return applyMask(own, parameter, full);
        return roundMasked(own, parameter, full, { setting, bits });
      };
      return {
        program: programOf(`masked ${setting.resolution}`, wholeGraph, setting.resolution),
        weightsFrom: (shared) => new Map([...shared].map(([name, full]) => [name, effective(name, full)])),
        addGradients(gradients, shared) {
          for (const [name, sum] of gradients) addMaskedGradient(masks.get(name), sum, shared.get(name)!);
        },
      };
    };
  },
  sliced({ supernet, graph, bitsOf }, programOf) {
    return (architecture) => {
      const setting = supernet.settingOf(architecture);
      const sliced = slice(graph, setting);
      const boxes = [...boxesOf(graph, sliced, setting)];
      const effective = (name: string, box: Box, full: Float32Array): Float32Array => {
        const used = isWhole(box) ? full : gatherBox(box, full);
        const bits = bitsOf(name);
        return bits === undefined ? used : roundWeight(used, box.size.at(-1)!, bits);
      };
      return {
        program: programOf(idOf(supernet.space, architecture), () => sliced, setting.resolution),
        weightsFrom: (shared) => new Map(boxes.map(([name, box]) => [name, effective(name, box, shared.get(name)!)])),
        addGradients(gradients, shared) {
          for (const [name, box] of boxes) scatterAddBox(box, gradients.get(name)!, shared.get(name)!);
        },
      };
    };
  },
};

/** Number of programs kept, so that the biggest and the smallest child are planned only once. */
const KEPT = 8;

/** Programs by key; the one that was not asked for the longest time goes first. */
function keptPrograms(engine: Engine, batch: number): { of: ProgramOf; dispose: () => void } {
  const programs = new Map<string, Program>();
  return {
    of(key, graph, resolution) {
      const program = programs.get(key) ?? engine.compile(graph(), { batch, resolution });
      programs.delete(key);
      programs.set(key, program);
      if (programs.size > KEPT) {
        const [oldest, unused] = [...programs][0]!;
        programs.delete(oldest);
        unused.dispose();
      }
      return program;
    },
    dispose() {
      for (const program of programs.values()) program.dispose();
    },
  };
}
