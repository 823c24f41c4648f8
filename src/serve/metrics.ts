/** What Prometheus reads of a server. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { ModelWatch, ServedModel } from "./served-model.js";

export interface Metrics extends ModelWatch {
  /** @param model empty where the request is of none */
  answered(endpoint: string, model: string, status: number, seconds: number): void;
  /** In Prometheus's text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

const seconds = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
const images = [1, 2, 4, 8, 16, 32, 64, 128];

/** The process has one, however many servers: what collects it can't be stopped. */
let ofProcess: Registry | undefined;
function processMetrics(): Registry {
  if (!ofProcess) collectDefaultMetrics({ register: (ofProcess = new Registry()) });
  return ofProcess;
}

/**
 * @param inFlight how many requests are read, wait or are computed now
 * @param models as they are when Prometheus asks
 */
export function serveMetrics(inFlight: () => number, models: () => readonly ServedModel[]): Metrics {
  const registers = [new Registry()];
  const requests = new Counter({
    name: "nestling_requests_total",
    help: "Requests answered, by HTTP status.",
    labelNames: ["endpoint", "model", "status"],
    registers,
  });
  const times = new Histogram({
    name: "nestling_request_duration_seconds",
    help: "From a request's headers to its answer.",
    labelNames: ["endpoint", "model"],
    buckets: seconds,
    registers,
  });
  const perModel = { labelNames: ["model"], registers } as const;
  const batches = new Histogram({
    ...{ name: "nestling_batch_images", help: "Images of each run.", buckets: images, ...perModel },
  });
  const runs = new Histogram({
    ...{ name: "nestling_run_duration_seconds", help: "Each run by onnxruntime.", buckets: seconds, ...perModel },
  });
  new Gauge({
    ...{ name: "nestling_requests_in_flight", help: "Requests that are read, wait or are computed.", registers },
    collect() {
      this.set(inFlight());
    },
  });
  new Gauge({
    ...{ name: "nestling_waiting_images", help: "Images that wait for a run.", ...perModel },
    collect() {
      for (const { name, waiting } of models()) this.set({ model: name }, waiting);
    },
  });
  return {
    answered(endpoint, model, status, took) {
      requests.inc({ endpoint, model, status });
      times.observe({ endpoint, model }, took);
    },
    ran(model, count, ms) {
      batches.observe({ model }, count);
      runs.observe({ model }, ms / 1000);
    },
    text: () => Registry.merge([registers[0]!, processMetrics()]).metrics(),
    contentType: Registry.PROMETHEUS_CONTENT_TYPE,
  };
}
