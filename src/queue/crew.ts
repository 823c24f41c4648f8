/**
 * A search's crew: this process and every worker of the same run. The search's own judge answers the same questions; here they are jobs.
 * Results are taken in the search's order, so who judged what, and when, changes nothing.
 */
import { randomBytes } from "node:crypto";
import type { LatencyBench } from "../evaluate/latency.js";
import type { Numerics } from "../evaluate/probe.js";
import type { Latency } from "../evaluate/rounds.js";
import type { Timed } from "../evaluate/session.js";
import type { Run } from "../run/run.js";
import type { Crew, CrewTask, JudgedBy } from "../search/crew.js";
import { latenciesOf, type Judge, type JudgedChild } from "../search/judge.js";
import { unpackHits } from "../search/hits.js";
import type { Subject } from "../search/subject.js";
import type { Environment } from "../target/environment.js";
import type { Target } from "../target/target.js";
import { dispatcher, type Dispatcher } from "./dispatch.js";
import { forgetOld } from "./forget-old.js";
import { judgingQueue, KEPT_S, PREFIX, timingQueue, type ResultOf } from "./jobs.js";
import { join } from "./members.js";
import { performer } from "./perform.js";
import { openRedis, type OpenRedis } from "./redis.js";
import { identityOf, keyOf, type RunIdentity } from "./run-identity.js";
import { servedTarget } from "./served-target.js";
import { oneAfterTheOther, takeJobs } from "./take-jobs.js";
import { watchWorkers } from "./watch-workers.js";

/** How a search works with others. */
export interface CrewOptions {
  /** redis://[name:password@]host:port, or rediss:// for TLS. */
  readonly queue: string;
  /** Takes latencies that an earlier search of this run has asked for, as a search does that resumes it. */
  readonly resume?: boolean;
  /** Ends what waits for others, with its reason. */
  readonly signal?: AbortSignal;
  /** Called with what people should know meanwhile: nobody serves a target any more, for example. */
  readonly onNote?: (line: string) => void;
  /** Called when the number of workers changes, or a child was judged before its turn. */
  readonly onProgress?: (progress: CrewProgress) => void;
}

/** What the crew does beside what the search has taken. */
export interface CrewProgress {
  /** Other processes that work for this run. */
  readonly workers: number;
  /** Children that are judged and wait for their turn. */
  readonly ahead: number;
}

/** A crew over Redis. */
export interface QueueCrew extends Crew {
  /** Stands for a target that a worker serves; undefined where none does. */
  target(name: string): Target | undefined;
  /**
   * Ends what this process does for the crew. Workers stay. Jobs that nobody has begun are withdrawn, but for those of a search that its
   * signal ended: workers still do them, and a search that resumes it has their results.
   */
  close(): Promise<void>;
}

/** A bench on a target that workers serve. */
interface ServedBench extends LatencyBench {
  /** A child's latency, measured shortly. */
  time(id: string): Promise<ResultOf<"time">>;
  /** Latencies in one session that decides. */
  decide(ids: readonly string[]): Promise<Latency[]>;
}

/**
 * Joins the workers of a run that take their jobs from a Redis; give the crew to a search of the same run. This process judges, too, so that
 * a search with no worker ends as well.
 * @throws UserError `queue/url`, `queue/packages`, `queue/redis`; from the search: `queue/job` where workers fail
 */
export async function openCrew(run: Run, options: CrewOptions): Promise<QueueCrew> {
  const { queue, signal, onNote = () => undefined, onProgress = () => undefined } = options;
  const identity = identityOf(run);
  const key = keyOf(identity);
  const redis = await openRedis(queue, (shown) => onNote(`Redis at ${shown} went away: the search waits for it.`));
  // What is left there is of use to nobody; that it goes is no condition.
  forgetOld(redis).catch(() => undefined);
  const members = await join(redis.commands, { does: "search", run: identity, targets: {} });
  const session = await sessionOf(redis, key, options.resume ?? false);
  const alone = oneAfterTheOther();
  const taking = takeJobs(redis, judgingQueue(key), performer(run), alone);
  const dispatchers = new Map<string, Promise<Dispatcher>>();
  const dispatcherOf = (name: string): Promise<Dispatcher> => {
    const onStalled = (): void => onNote("A worker went away: what it was at is done again.");
    const found = dispatchers.get(name) ?? dispatcher(redis, name, { signal, onStalled });
    dispatchers.set(name, found);
    return found;
  };
  let ahead = 0;
  const watch = await watchWorkers(members, identity, {
    onNote,
    onChange: () => {
      progress();
    },
  });
  const progress = (change = 0): void => {
    ahead += change;
    onProgress({ workers: watch.workers, ahead });
  };
  progress();
  const served = new Map<LatencyBench, ServedBench>();

  return {
    target: (name) => {
      const environment = watch.served(name);
      return environment && servedTarget(name, environment);
    },
    bench(target, by) {
      const environment = watch.served(target);
      if (!environment) return undefined;
      watch.need(target);
      if (![...served.keys()].some((bench) => bench.target === target)) {
        onNote(`Latency on ${target} is measured by the workers that serve it.`);
      }
      const dispatch = dispatcherOf(timingQueue(key, target));
      dispatch.catch(() => undefined);
      const bench = servedBench({ target, environment, session, run: identity, by, dispatch });
      served.set(bench, bench);
      return bench;
    },
    judge: (task) =>
      queuedJudge(task, {
        ...{ run: identity, alone, served, progress },
        dispatch: dispatcherOf(judgingQueue(key)),
      }),
    async close() {
      watch.stop();
      const closing = Promise.allSettled([
        taking.close(),
        ...[...dispatchers.values()].map(async (each) => (await each).close()),
        members.leave(),
      ]);
      await redis.close(closing);
    },
  };
}

/** Names the latencies that one search asks for: another search measures again, and one that is resumed does not. */
async function sessionOf({ commands }: OpenRedis, run: string, resume: boolean): Promise<string> {
  const key = `${PREFIX}:session:${run}`;
  const fresh = randomBytes(16).toString("hex");
  const before = resume ? await commands.get(key) : null;
  const session = before !== null && /^[0-9a-f]{32}$/.test(before) ? before : fresh;
  await commands.set(key, session, "EX", KEPT_S);
  return session;
}

function servedBench({
  target,
  environment,
  session,
  run,
  by,
  dispatch,
}: {
  readonly target: string;
  readonly environment: Environment;
  readonly session: string;
  readonly run: RunIdentity;
  readonly by: JudgedBy;
  readonly dispatch: Promise<Dispatcher>;
}): ServedBench {
  const shared = { run, ...by, session, target };
  const decide = async (ids: readonly string[]): Promise<Latency[]> =>
    (await dispatch).ask<"decide">({ kind: "decide", ...shared, ids: [...ids] });
  // Its workers have the run: they compile the children themselves, and draw the same probe.
  const compute = async ({ name: id }: Timed): Promise<Numerics | undefined> =>
    (await (await dispatch).ask<"compute">({ kind: "compute", ...shared, id })).numerics;
  return {
    ...{ target, environment, decide, compute },
    time: async (id) => (await dispatch).ask<"time">({ kind: "time", ...shared, id }),
    async measure(models) {
      const latencies = await decide(models.map(({ name }) => name));
      // What they computed meanwhile is the search's probe.
      const numerics = await Promise.all(models.map(compute));
      return latencies.map((latency, i) => ({ ...latency, numerics: numerics[i] }));
    },
  };
}

function queuedJudge(
  task: CrewTask,
  of: {
    readonly run: RunIdentity;
    readonly alone: ReturnType<typeof oneAfterTheOther>;
    readonly served: ReadonlyMap<LatencyBench, ServedBench>;
    readonly dispatch: Promise<Dispatcher>;
    /** Says that so many more children are judged and wait for their turn. */
    readonly progress: (change: number) => void;
  },
): Judge {
  const { benches, screeningImages, validationImages, isWithin, costsOf, recalibrationImages, opset } = task;
  const { precision, maxLoss } = task;
  const limited = { ...(precision && { precision }), ...(maxLoss !== undefined && { maxLoss }) };
  const shared = { run: of.run, recalibrationImages, opset, ...limited };
  const own = benches.filter(({ bench }) => !of.served.has(bench));
  const ownJudge = task.ownJudge({ screeningImages: 0, isWithin: () => false, benches: own });
  /** Children that are judged before their turn. */
  const ahead = new Map<string, Promise<JudgedChild>>();

  const latencies = async (subject: Subject): Promise<ReturnType<typeof latenciesOf>> => {
    const byUs = own.length > 0 ? of.alone(() => ownJudge.screen(subject)) : undefined;
    byUs?.catch(() => undefined);
    const costs = await Promise.all(
      benches.map(async ({ target, bench }) => {
        const there = of.served.get(bench);
        if (there) return there.time(subject.id);
        return target === undefined ? await byUs! : (await byUs!).otherLatencies![target]!;
      }),
    );
    const measured = costs.map(({ latencyMs, latencyIntervalMs }) => ({
      undisturbedMs: latencyMs!,
      intervalMs: latencyIntervalMs!,
    }));
    return latenciesOf(benches, measured);
  };
  const judged = async (subject: Subject): Promise<JudgedChild> => {
    const { id } = subject;
    const { macs, parameters } = costsOf(subject.architecture);
    const costs = { macs, parameters, ...(await latencies(subject)) };
    const images = isWithin(costs) ? screeningImages : 0;
    const { hits, ...found } = await (await of.dispatch).ask<"screen">({ kind: "screen", ...shared, id, images });
    return { ...found, ...subject, ...costs, hits: unpackHits(hits, images) };
  };

  return {
    foresee(subjects) {
      for (const subject of subjects) {
        const begun = judged(subject);
        ahead.set(subject.id, begun);
        begun.then(
          () => of.progress(1),
          // A failure is reported when it is its turn.
          () => undefined,
        );
      }
    },
    async screen(subject) {
      const begun = ahead.get(subject.id);
      if (!begun) return judged(subject);
      ahead.delete(subject.id);
      const child = await begun;
      of.progress(-1);
      return child;
    },
    complete: (children) =>
      Promise.all(
        children.map(async ({ id, hits: before }) => {
          if (before.length === validationImages) return before;
          const job = { ...shared, id, from: screeningImages, images: validationImages };
          const { hits } = await (await of.dispatch).ask<"complete">({ kind: "complete", ...job });
          return Uint8Array.of(...before, ...unpackHits(hits, validationImages - screeningImages));
        }),
      ),
    async photoFinish(children) {
      const ids = children.map(({ id }) => id);
      const byUs = own.length > 0 ? of.alone(() => ownJudge.photoFinish(children)) : undefined;
      byUs?.catch(() => undefined);
      return Promise.all(
        benches.map(async ({ bench }) => {
          const there = of.served.get(bench);
          return there ? there.decide(ids) : (await byUs!)[own.findIndex((one) => one.bench === bench)]!;
        }),
      );
    },
  };
}
