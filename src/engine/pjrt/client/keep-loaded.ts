/** Loads shared libraries for as long as the process lives. */
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type Koffi from "koffi";

/** Values of dlopen's flags, which differ by system. */
const flags: Partial<Record<NodeJS.Platform, { now: number; global: number; noDelete: number }>> = {
  linux: { now: 2, global: 0x100, noDelete: 0x1000 },
  darwin: { now: 2, global: 8, noDelete: 0x80 },
};

/**
 * Loads a plugin so that it stays, and NVIDIA's libraries that lie beside it first. koffi unloads libraries when a worker thread ends:
 * threads of the plugin would run on in memory that is gone.
 */
export function keepLoaded(koffi: typeof Koffi, plugin: string): void {
  const flag = flags[process.platform];
  if (flag === undefined) return;
  const open = koffi.load(null).func("dlopen", "void *", ["const char *", "int"]) as (
    path: string,
    how: number,
  ) => void;
  // One that can't be loaded is the plugin's to name, if it needs it.
  for (const library of nvidiaLibraries(plugin)) open(library, flag.now | flag.global);
  open(plugin, flag.now | flag.noDelete);
}

/** What NVIDIA's libraries look for by name: cuDNN for nvrtc, cuSOLVER for cuBLAS. In this order each finds those that it needs. */
const order = [
  "cudart",
  "nvJitLink",
  "nvrtc",
  "cublasLt",
  "cublas",
  "nccl",
  "cupti",
  "cusparse",
  "cusolver",
  "cufft",
  "cudnn",
];

/** In the wheels' layout, site/nvidia/<package>/lib beside site/jax_plugins/<package>. */
function nvidiaLibraries(plugin: string): string[] {
  const folder = join(dirname(plugin), "../../nvidia");
  const files = listed(folder).flatMap((name) => {
    const libraries = join(folder, name, "lib");
    return listed(libraries).map((file) => ({ file, path: join(libraries, file) }));
  });
  return order.flatMap((name) =>
    files.filter(({ file }) => new RegExp(`^lib${name}\\.so\\.\\d+$`).test(file)).map(({ path }) => path),
  );
}

/** A machine without NVIDIA's wheels has no such folder. */
function listed(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
