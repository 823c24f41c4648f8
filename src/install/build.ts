/** The package's own N-API binding, compiled against the libtensorflow of a wheel. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { siteOf } from "../engine/engines-folder.js";
import { packageFolder, type TensorflowEngine } from "../engine/tensorflow/installed.js";
import { run } from "./commands.js";
import { namesPerThread, startup } from "./native.js";

/** From lib/napi-v8 of node_modules/@tensorflow/tfjs-node: relative, so that the folder can be renamed into its place. */
const libraries = "../../../../../site/tensorflow";

export async function buildBinding(folder: string, engine: TensorflowEngine): Promise<void> {
  const home = packageFolder(folder, engine);
  const sources = join(home, "binding");
  const own = join(folder, "binding");
  await mkdir(own, { recursive: true });
  await mkdir(join(home, "lib/napi-v8"), { recursive: true });
  const backend = await readFile(join(sources, "tfjs_backend.cc"), "utf8");
  await writeFile(join(own, "tfjs_backend.cc"), namesPerThread(backend));
  await writeFile(join(own, "startup.cc"), startup);
  const site = join(siteOf(folder), "tensorflow");
  await run(
    "g++",
    [
      ...["-std=c++17", "-O2", "-fPIC", "-shared", "-DNAPI_VERSION=8", `-DLIBRARIES="${libraries}"`],
      ...[join(folder, "node_modules/node-api-headers/include"), sources, join(site, "include")].flatMap((path) => [
        "-I",
        path,
      ]),
      ...["-o", join(home, "lib/napi-v8/tfjs_binding.node")],
      ...[join(own, "tfjs_backend.cc"), join(sources, "tfjs_binding.cc"), join(own, "startup.cc")],
      ...["-L", site, "-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2", "-ldl"],
      `-Wl,-rpath,$ORIGIN/${libraries}`,
    ],
    folder,
  );
}
