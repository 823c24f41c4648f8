/**
 * Runs the compiler's steps over a child and verifies the graph after each. A failure names the step and its
 * predecessors.
 */
import { UserError } from "../base/user-error.js";
import { verify } from "../graph/verify.js";
import type { Child } from "./child.js";
import { lower } from "./lower.js";
import {
  isChoice,
  isMeasured,
  type Found,
  type Measured,
  type Outcome,
  type Step,
  type StepReport,
  type Tried,
} from "./pass.js";

export interface Passed {
  readonly child: Child;
  /** Results of the measured passes, by the pass's name. */
  readonly found: ReadonlyMap<string, Found>;
  readonly report: readonly StepReport[];
}

/**
 * Lowers a child and runs the steps.
 * @param choose judges the ways of a choice; each has been done to the child before
 * @param spare limits what the way taken loses, by keeping layers as they are; without it nothing is limited
 * @param find returns what a measured pass needs from a child: measured on images, or already known
 */
export async function runPasses(
  trained: Child<"trained">,
  steps: readonly Step[],
  find: (measured: Measured, child: Child) => Found | Promise<Found>,
  choose: (ways: ReadonlyMap<string, Child>, before: Child) => Promise<readonly Tried[]> = () => {
    throw new Error("internal: no images to choose by");
  },
  spare?: (taken: Outcome, keeping: (kept: ReadonlyMap<string, string>) => Outcome, before: Child) => Promise<Outcome>,
): Promise<Passed> {
  const found = new Map<string, Found>();
  const report: StepReport[] = [];
  let verified: Child["graph"] | undefined;
  const run = async (name: string, step: () => Outcome | Promise<Outcome>): Promise<Child> => {
    const before = report.map((done) => done.name).join(", ");
    const where = `${name}${before === "" ? "" : `, following ${before}`}`;
    const { child, notes, tried, loss } = await Promise.resolve()
      .then(step)
      .catch((error: unknown) => {
        if (error instanceof UserError) throw error;
        const message = error instanceof Error ? error.message.replace(/^internal: /, "") : String(error);
        throw new Error(`internal: in ${where}: ${message}`, { cause: error });
      });
    if (child.graph !== verified) verify(child.graph, where);
    verified = child.graph;
    report.push({ name, notes, ...(tried && { tried }), ...(loss && { loss }) });
    return child;
  };
  let child = await run(lower.name, () => lower.run(trained));
  for (const step of steps) {
    const before = child;
    child = await run(step.name, async () => {
      if (isChoice(step)) {
        const values = await find([...step.ways.values()][0]!, before);
        found.set(step.name, values);
        const outcomes = new Map([...step.ways].map(([name, way]) => [name, way.absorb(before, values)]));
        const tried = await choose(new Map([...outcomes].map(([name, { child }]) => [name, child])), before);
        const { way } = tried.find(({ isTaken }) => isTaken)!;
        const taken = outcomes.get(way)!;
        const keeping = (kept: ReadonlyMap<string, string>): Outcome => step.keeping(way, kept).absorb(before, values);
        return { ...((await spare?.(taken, keeping, before)) ?? taken), tried };
      }
      if (!isMeasured(step)) return step.run(before);
      const values = await find(step, before);
      found.set(step.name, values);
      return step.absorb(before, values);
    });
  }
  return { child, found, report };
}
