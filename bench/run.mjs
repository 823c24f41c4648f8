/** `npm run bench -- NAME`: measurements whose figures we state. Each prints its table and appends a row to bench/results.jsonl. */
const benches = {
  agent: () => import("./agent.mjs"),
  compile: () => import("./compile.mjs"),
  data: () => import("./data/index.mjs"),
  latency: () => import("./latency.mjs"),
  memory: () => import("./memory/index.mjs"),
  precision: () => import("./precision/index.mjs"),
  profile: () => import("./profile.mjs"),
  search: () => import("./search/index.mjs"),
  serve: () => import("./serve.mjs"),
  supernet: () => import("./supernet/index.mjs"),
  train: () => import("./train/index.mjs"),
};

const [name, ...args] = process.argv.slice(2);
if (!Object.hasOwn(benches, name ?? "")) {
  console.error(`npm run bench -- ${Object.keys(benches).join("|")}`);
  process.exitCode = 2;
} else {
  const { bench } = await benches[name]();
  await bench(args);
}
