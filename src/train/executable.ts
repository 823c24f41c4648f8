/** A child on an engine: masked in the whole supernet, or on slices of the shared weights. */
import type { Arrays, Engine, Program } from "../engine/engine.js";
import type { PlainGraph } from "../graph/graph.js";
import { idOf, type Architecture } from "../space/space.js";
import { addMaskedGradient, applyMask, atMaximum, mask } from "../supernet/mask.js";
import { boxesOf, gatherBox, isWhole, scatterAddBox, slice } from "../supernet/slice.js";
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

/** Makes children of a task executable; `dispose` frees their programs. */
export function executor(
  engine: Engine,
  task: Task,
): { executableOf: (architecture: Architecture) => Executable; dispose: () => void } {
  const programs = keptPrograms(engine, task.group);
  return { executableOf: executions[task.execution](task, programs.of), dispose: programs.dispose };
}

const executions: Record<Execution, (task: Task, programOf: ProgramOf) => (architecture: Architecture) => Executable> =
  {
    masked({ supernet, layout }, programOf) {
      let whole: PlainGraph<"trained"> | undefined;
      const supernetGraph = (): PlainGraph<"trained"> => (whole ??= atMaximum(supernet.graph));
      return (architecture) => {
        const setting = supernet.settingOf(architecture);
        const masks = mask(supernet.graph, setting);
        const effective = (name: string, full: Float32Array): Float32Array =>
          applyMask(masks.get(name), layout.slots.get(name)!.parameter, full);
        return {
          program: programOf(`masked ${setting.resolution}`, supernetGraph, setting.resolution),
          weightsFrom: (shared) => new Map([...shared].map(([name, full]) => [name, effective(name, full)])),
          addGradients(gradients, shared) {
            for (const [name, sum] of gradients) addMaskedGradient(masks.get(name), sum, shared.get(name)!);
          },
        };
      };
    },
    sliced({ supernet }, programOf) {
      return (architecture) => {
        const setting = supernet.settingOf(architecture);
        const graph = slice(supernet.graph, setting);
        const boxes = [...boxesOf(supernet.graph, graph, setting)];
        return {
          program: programOf(idOf(supernet.space, architecture), () => graph, setting.resolution),
          weightsFrom: (shared) =>
            new Map(
              boxes.map(([name, box]) => [name, isWhole(box) ? shared.get(name)! : gatherBox(box, shared.get(name)!)]),
            ),
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
