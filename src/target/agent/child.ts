/**
 * The process of one session: it alone decodes and runs what callers send, so a crash, a hang or a hunger for memory ends it and nothing
 * else. The agent starts it, sends one call at a time, and kills it where a limit is passed.
 */
import { writeFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { UserError } from "../../base/user-error.js";
import { localTarget } from "../local.js";
import type { LoadedModel, ModelRun } from "../target.js";
import { checkModel } from "./check-model.js";
import type { Answer, Call, ChildStart } from "./child-calls.js";
import { inputStore } from "./input-store.js";

const start = JSON.parse(process.argv[2]!) as ChildStart;
new Worker(new URL("./watchdog.js", import.meta.url), { workerData: start }).unref();
try {
  // Where the machine runs out of memory, this process goes first, not the agent.
  writeFileSync("/proc/self/oom_score_adj", "1000");
} catch {
  // No Linux.
}

const target = localTarget({ threads: start.threads, provider: start.provider, profiles: false });
const models = new Map<number, LoadedModel>();
const inputs = inputStore(start.memoryBytes / 8);

const loaded = (id: number): LoadedModel => {
  const model = models.get(id);
  if (!model) throw new Error(`model ${id} was released`);
  return model;
};

async function answer(call: Call): Promise<unknown> {
  switch (call.kind) {
    case "load": {
      checkModel(call.bytes);
      await models.get(call.model)?.release();
      const model = await target.load(call.bytes);
      models.set(call.model, model);
      return { loadMs: model.loadMs };
    }
    case "release":
      await models.get(call.model)?.release();
      models.delete(call.model);
      return {};
    case "input":
      inputs.keep(call.sha256, call.input);
      return {};
    case "run":
      return refuseOthers(await loaded(call.model).run(call.input, call.dims));
    case "time":
      return { times: await loaded(call.model).time(inputs.get(call.input), call.dims, call.runs) };
    case "rounds": {
      const visits = call.plan.visits.map(({ model, input, dims }) => ({
        model: loaded(model),
        input: inputs.get(input),
        dims,
      }));
      const beganMs = target.nowMs;
      const rounds = await target.rounds({ ...call.plan, visits });
      return { beganMs, endedMs: target.nowMs, rounds };
    }
    case "placement":
      checkModel(call.bytes);
      return { placement: await target.placementOf?.(call.bytes, call.dims) };
  }
}

/** An answer has no room for numbers of other types. */
function refuseOthers(run: ModelRun): ModelRun {
  for (const [name, values] of run.outputs) {
    if (values instanceof Float32Array) continue;
    const got = `of a model whose output ${name} is no float32`;
    const fix = "Such a model can be timed, but an agent doesn't give its outputs.";
    throw new UserError("target/run", { at: "the run", got, want: "outputs in float32", fix });
  }
  return run;
}

process.on("message", (call: Call) => {
  void answer(call).then(
    (value) => send({ value }),
    (error: unknown) => {
      const { message } = error as Error;
      send({
        error: error instanceof UserError ? { code: error.code, message, problems: error.problems } : { message },
      });
    },
  );
});
process.on("disconnect", () => process.exit());

function send(message: Answer): void {
  process.send!(message);
}
send({ value: {} });
