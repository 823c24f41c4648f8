/** What nestling may ask a page for, and what the page then does. */
import { encodeOutputs } from "../../agent/outputs.js";
import type { CallName, Calls, PageRound } from "../protocol.js";
import { gpuFacts, pageFacts } from "./facts.js";
import type { FromWorker, ModelView } from "./messages.js";
import { loadModel, type Model, type Where } from "./model.js";
import { placementOn } from "./placement.js";
import { pageRounds } from "./rounds.js";
import { openRuntime } from "./runtime.js";
import { resolutionOf, type Clock } from "./timer.js";
import { isIos } from "./user-agent.js";

/** What is given, and bytes. Undefined where the page leaves before it has answered. */
export type Answer<N extends CallName> = readonly [Calls[N]["gives"], Uint8Array?] | undefined;

export type Answers = {
  readonly [N in CallName]: (asks: Calls[N]["asks"], bytes: Uint8Array, id: number) => Promise<Answer<N>>;
};

export interface Connection {
  /** Address of onnxruntime-web's files. */
  readonly runtime: string;
  readonly mostThreads: number;
  /** false: the page leaves now. */
  stays(): boolean;
  /** Leaves, and loads the page afresh. */
  reload(): void;
  /** Whether the call is to end. */
  isStopped(id: number): boolean;
  onRound(id: number, round: PageRound): void;
  readonly post: (message: FromWorker) => void;
}

/** Safari on iOS dies after about 500 runs on the GPU (onnxruntime#27584). */
const MOST_RUNS_ON_IOS = 200;

export function pageCalls(connection: Connection): Answers {
  const clock: Clock = { now: () => performance.now(), resolutionMs: resolutionOf(() => performance.now()) };
  const models = new Map<number, Model>();
  const inputs = new Map<string, Float32Array>();
  let where: Where | undefined;
  let runs = 0;
  let mostRuns = Infinity;
  let hasLeft = false;
  const mayRun = (more: number): boolean => {
    if (!connection.stays()) hasLeft = true;
    else if (runs > 0 && runs + more > mostRuns) {
      hasLeft = true;
      connection.reload();
    }
    runs += more;
    return !hasLeft;
  };
  const show = shownSeldom(connection.post);
  return {
    async begin(settings) {
      const gpu = settings.provider === "webgpu" ? await gpuFacts() : undefined;
      const { ort, threads } = await openRuntime(settings, connection.runtime, connection.mostThreads);
      where = { ort, provider: settings.provider, clock };
      if (gpu && isIos(navigator.userAgent, navigator.maxTouchPoints)) mostRuns = MOST_RUNS_ON_IOS;
      const onnxruntime = ort.env.versions.web ?? ort.env.versions.common;
      const facts = await pageFacts(gpu, { onnxruntime, threads }, clock.resolutionMs);
      connection.post({ facts });
      return [facts];
    },
    async load({ model }, bytes) {
      const loaded = await loadModel(where!, bytes);
      models.set(model, loaded);
      return [{ loadMs: loaded.loadMs }];
    },
    async release({ model }) {
      await models.get(model)?.release();
      models.delete(model);
      return [null];
    },
    async input({ input }, bytes) {
      inputs.set(input, floatsOf(bytes));
      return [null];
    },
    async forget() {
      inputs.clear();
      return [null];
    },
    async run({ model, dims }, bytes) {
      if (!mayRun(1)) return undefined;
      return [null, encodeOutputs(await models.get(model)!.run(floatsOf(bytes), dims))];
    },
    async time({ model, dims, input, runs: wanted }) {
      if (!mayRun(wanted)) return undefined;
      return [{ times: await models.get(model)!.time(inputs.get(input)!, dims, wanted) }];
    },
    async rounds(asked, _, id) {
      const visits = asked.visits.map(({ model, input, dims }) => ({
        ...{ model: models.get(model)!, input: inputs.get(input)!, dims },
      }));
      const views: ModelView[] = visits.map(() => ({ rounds: asked.done, lastMs: 0, fastestMs: Infinity }));
      await pageRounds(asked, visits, clock, {
        async between(more) {
          await messagesHeard();
          return !connection.isStopped(id) && mayRun(more);
        },
        onRound(round) {
          connection.onRound(id, round);
          for (const [i, { rounds, fastestMs }] of views.entries()) {
            const times = [...round.times[i]!].sort((a, b) => a - b);
            const lastMs = times[times.length >> 1] ?? 0;
            views[i] = { rounds: rounds + 1, lastMs, fastestMs: Math.min(fastestMs, lastMs) };
          }
          show(views, clock.now());
        },
      });
      return hasLeft ? undefined : [null];
    },
    async placement(_, bytes) {
      return [{ placement: await placementOn(where!, bytes) }];
    },
  };
}

const SHOWN_MS = 500;

/** What the page draws takes time from what is measured. */
function shownSeldom(post: (message: FromWorker) => void): (models: readonly ModelView[], nowMs: number) => void {
  let shownAt = -Infinity;
  return (models, nowMs) => {
    if (nowMs - shownAt < SHOWN_MS) return;
    shownAt = nowMs;
    post({ models });
  };
}

const floatsOf = ({ buffer }: Uint8Array): Float32Array => new Float32Array(buffer);

/** Lets the worker hear what has come in: a round may be many promises, and no message is heard between them. */
const channel = new MessageChannel();
function messagesHeard(): Promise<void> {
  return new Promise((resolve) => {
    channel.port1.onmessage = () => resolve();
    channel.port2.postMessage(0);
  });
}
