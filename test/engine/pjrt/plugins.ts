/** PJRT plugins for CPUs, as tests use them: the one that is installed (new), and the judges' (old, of 2025). */
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { installedPlugin } from "../../../src/engine/pjrt/installed.js";

const packages = resolve(import.meta.dirname, "../../../.venv-judges/lib");
const pythons = existsSync(packages) ? readdirSync(packages) : [];
const places = [
  { age: "new", paths: [installedPlugin("cpu")], howToGet: "nestling engine install pjrt=cpu" },
  {
    age: "old",
    paths: pythons.map((python) => join(packages, python, "site-packages/xla_plugins/xla_cpu_pjrt/xla_cpu_pjrt.so")),
    howToGet: "npm run judges",
  },
];

/** A plugin, or how to get it. */
export const plugins = places.map(({ age, paths, howToGet }) => {
  const path = paths.find((one) => existsSync(one));
  return { name: `${age} CPU plugin${path ? "" : ` (skipped: run ${howToGet})`}`, path: path ?? "", missing: !path };
});
