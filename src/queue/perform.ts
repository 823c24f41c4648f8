/** Does one job, with the run that this process holds: by the very judge that a search on one machine has. */
import { compilerOfEach } from "../compile/compile-child.js";
import { defaultPrecision } from "../compile/precisions.js";
import { probedChild } from "../deploy/child-probe.js";
import type { LatencyBench } from "../evaluate/latency.js";
import type { Run } from "../run/run.js";
import { packHits } from "../search/hits.js";
import { judgeOf, type Compile } from "../search/judge.js";
import { subjectOf } from "../search/subject.js";
import { jobKey, jobSchema, type Job, type ResultOf, type TargetJob } from "./jobs.js";
import { differencesOf, identityOf } from "./run-identity.js";

/** A job that can't be done by anybody. */
export class BadJob extends Error {
  override readonly name = "BadJob";
}

export interface Performer {
  /**
   * Checks what came from Redis.
   * @param key that it has there
   * @throws BadJob
   */
  readonly check: (data: unknown, key: string | undefined) => Job;
  readonly perform: (job: Job) => Promise<ResultOf<Job["kind"]>>;
}

/** @param benchOf opens a bench on a target that this process serves; undefined where it serves none of that name */
export function performer(
  run: Run,
  benchOf: (job: TargetJob) => Promise<LatencyBench> | undefined = () => undefined,
): Performer {
  const own = identityOf(run);
  const { space } = run.supernet;
  /** Recalibration images are chosen once for all children. */
  const compilers = new Map<string, ReturnType<typeof compilerOfEach>>();
  const compileFor =
    ({ recalibrationImages, opset, maxLoss, precision: ofAll = defaultPrecision }: Job): Compile =>
    ({ architecture, precision = ofAll }) => {
      const key = `${recalibrationImages} ${opset} ${maxLoss}`;
      const found =
        compilers.get(key) ??
        compilerOfEach(run, { recalibrationImages, opset, ...(maxLoss !== undefined && { maxLoss }) });
      compilers.set(key, found);
      return found(precision).compile(architecture);
    };
  const openBench = async (job: TargetJob): Promise<LatencyBench> => {
    const bench = await benchOf(job);
    if (!bench) throw new BadJob(`nobody here serves ${JSON.stringify(job.target)}`);
    return bench;
  };
  const timingJudge = async (job: TargetJob) => {
    const benches = [{ target: undefined, bench: await openBench(job) }];
    return judgeOf(run, compileFor(job), { screeningImages: 0, isWithin: () => false, benches });
  };

  return {
    check(data, key) {
      const parsed = jobSchema.safeParse(data);
      if (!parsed.success) throw new BadJob("it is no job of nestling's");
      const job = parsed.data;
      if (jobKey(job) !== key) throw new BadJob("its key is of another job");
      const different = differencesOf(job.run, own);
      if (different.length > 0) throw new BadJob(`it is of a run with another ${different.join(" and ")}`);
      const images = "images" in job ? job.images : 0;
      if (images > run.validation.length) throw new BadJob(`it asks for ${images} validation images`);
      if (job.kind === "complete" && job.from >= job.images) throw new BadJob("it asks for no images");
      for (const id of job.kind === "decide" ? job.ids : [job.id]) {
        try {
          subjectOf(space, id);
        } catch (error) {
          throw new BadJob((error as Error).message);
        }
      }
      return job;
    },
    async perform(job) {
      switch (job.kind) {
        case "screen": {
          const conditions = { screeningImages: job.images, isWithin: () => job.images > 0, benches: [] };
          const judged = await judgeOf(run, compileFor(job), conditions).screen(subjectOf(space, job.id));
          const { id, macs, parameters, peakBytes, fileBytes, sha256, losesTooMuch, hits, softAccuracy } = judged;
          const lossy = losesTooMuch && { losesTooMuch };
          return { id, macs, parameters, peakBytes, fileBytes, sha256, ...lossy, hits: packHits(hits), softAccuracy };
        }
        case "complete": {
          const conditions = { screeningImages: job.from, isWithin: () => true, benches: [] };
          const child = { ...subjectOf(space, job.id), hits: new Uint8Array(job.from) };
          const [all] = await judgeOf(run, compileFor(job), conditions).complete([child]);
          return { id: job.id, hits: packHits(all!.slice(job.from)) };
        }
        case "time": {
          const judge = await timingJudge(job);
          const { latencyMs, latencyIntervalMs } = await judge.screen(subjectOf(space, job.id));
          return { id: job.id, latencyMs: latencyMs!, latencyIntervalMs: latencyIntervalMs! };
        }
        case "decide": {
          const judge = await timingJudge(job);
          const [measured] = await judge.photoFinish(job.ids.map((id) => subjectOf(space, id)));
          return [...measured!];
        }
        case "compute": {
          const bench = await openBench(job);
          const { timed } = await probedChild(run, await compileFor(job)(subjectOf(space, job.id)));
          const numerics = await bench.compute(timed);
          return { id: job.id, ...(numerics && { numerics }) };
        }
      }
    },
  };
}
