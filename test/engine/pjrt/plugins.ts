/**
 * PJRT plugins as tests use them: for CPUs the one that is installed (new) and the judges' (old, of 2025). With NESTLING_TEST_PJRT, the path
 * of a plugin for another device, that one alone (bench/gpu.sh).
 */
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { installedPlugin } from "../../../src/engine/pjrt/installed.js";

const packages = resolve(import.meta.dirname, "../../../.venv-judges/lib");
const pythons = existsSync(packages) ? readdirSync(packages) : [];
const forCpu = [
  { title: "new CPU plugin", paths: [installedPlugin("cpu")], howToGet: "nestling engine install pjrt=cpu" },
  {
    title: "old CPU plugin",
    paths: pythons.map((python) => join(packages, python, "site-packages/xla_plugins/xla_cpu_pjrt/xla_cpu_pjrt.so")),
    howToGet: "npm run judges",
  },
];
const given = process.env["NESTLING_TEST_PJRT"];
const places = given
  ? [{ title: given, paths: [resolve(given)], howToGet: "with a path in NESTLING_TEST_PJRT" }]
  : forCpu;

/** Whether they compute on this machine's processor. */
export const areForCpu = !given;

/** What `description` matches. */
export const described = areForCpu ? "cpu, PJRT 0\\.\\d+, 1 device: cpu" : ".+, PJRT 0\\.\\d+, \\d+ devices?: .+";

/** A plugin, or how to get it; the new one first. */
export const plugins = places.map(({ title, paths, howToGet }) => {
  const path = paths.find((one) => existsSync(one));
  return { name: `${title}${path ? "" : ` (skipped: run ${howToGet})`}`, path: path ?? "", missing: !path, howToGet };
});
