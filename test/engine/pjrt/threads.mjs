/** A process of the client's test: does one task after another, each on a worker thread of its own, and prints what they say. */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { createClient } from "../../../dist/engine/pjrt/client/client.js";
import { loadLibrary } from "../../../dist/engine/pjrt/client/library.js";

const tasks = {
  load: (plugin) => loadLibrary(plugin).version.split(".")[0],
  add(plugin, program) {
    const client = createClient(plugin);
    const input = () => client.upload(new Float32Array(6).fill(21), [2, 3]);
    return client.compile(program).run([input(), input()])[0].read()[5];
  },
  wrong: (plugin, program) => tasks.add(plugin, { ...program, text: "wrong" }),
};

const work = (task, plugin, program) =>
  new Promise((resolve) => {
    const worker = new Worker(import.meta.filename, { workerData: { task, plugin, program } });
    const said = [];
    worker.on("message", (value) => said.push(value));
    worker.on("error", ({ code }) => said.push(code));
    worker.on("exit", () => resolve(said.join()));
  });

if (isMainThread) {
  const [plugin, program, ...names] = process.argv.slice(2);
  const said = [];
  for (const name of names) said.push(await work(name, plugin, JSON.parse(program)));
  console.log(JSON.stringify(said));
} else {
  const { task, plugin, program } = workerData;
  parentPort.postMessage(tasks[task](plugin, program));
}
