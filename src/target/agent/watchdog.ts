/** A thread of a session's process, whose main thread may be within onnxruntime for ever: ends the process when it takes too much memory or its agent is gone. */
import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import { MEMORY_NOTE, type ChildStart } from "./child-calls.js";

const { parent, memoryBytes } = workerData as ChildStart;
const STDERR = 2;
const EVERY_MS = 100;

setInterval(() => {
  const isFull = process.memoryUsage.rss() > memoryBytes;
  if (isFull) writeSync(STDERR, MEMORY_NOTE);
  if (isFull || process.ppid !== parent) process.kill(process.pid, "SIGKILL");
}, EVERY_MS);
