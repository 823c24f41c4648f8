/** A model on the page, timed by the page's clock. */
import type { InferenceSession } from "onnxruntime-web";
import type { ModelRun } from "../../target.js";
import type { BrowserProvider, Loaded } from "../protocol.js";
import type { Ort } from "./runtime.js";
import { runTimer, type Clock } from "./timer.js";

/** What `runRounds` needs of a model. */
export interface Model extends Loaded {
  /** Runs since it was loaded. */
  readonly done: number;
  run(input: Float32Array, dims: readonly number[]): Promise<ModelRun>;
  time(input: Float32Array, dims: readonly number[], runs: number): Promise<readonly number[]>;
  release(): Promise<void>;
}

export interface Where {
  readonly ort: Ort;
  readonly provider: BrowserProvider;
  readonly clock: Clock;
}

export async function loadModel({ ort, provider, clock }: Where, bytes: Uint8Array): Promise<Model> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: [provider],
    graphOptimizationLevel: "all",
    executionMode: "sequential",
    logSeverityLevel: 3,
  };
  const began = clock.now();
  const session = await ort.InferenceSession.create(bytes, options);
  const loadMs = Math.max(clock.now() - began, clock.resolutionMs);
  const [name] = session.inputNames as [string];
  let done = 0;
  const once = (input: Float32Array, dims: readonly number[]) => {
    done++;
    return session.run({ [name]: new ort.Tensor("float32", input, dims) });
  };
  /** A batch takes its own time. */
  const timers = new Map<string, ReturnType<typeof runTimer>>();
  const timerOf = (dims: readonly number[]) => {
    const key = dims.join();
    const timer = timers.get(key) ?? runTimer(clock);
    timers.set(key, timer);
    return timer;
  };
  return {
    loadMs,
    get done() {
      return done;
    },
    async run(input, dims) {
      const start = clock.now();
      const outputs = await once(input, dims);
      const ms = Math.max(clock.now() - start, clock.resolutionMs);
      return { outputs: new Map(Object.entries(outputs).map(([of, { data }]) => [of, data as Float32Array])), ms };
    },
    async time(input, dims, runs) {
      const timer = timerOf(dims);
      const times: number[] = [];
      for (let i = 0; i < runs; i++) times.push(await timer(() => once(input, dims)));
      return times;
    },
    release: () => session.release(),
  };
}
