/** Where `nestling engine install pjrt` puts plugins, and which there are. */
import { join } from "node:path";
import { enginesFolder, siteOf } from "../engines-folder.js";

/** What `nestling engine install pjrt` fetches a plugin for. */
export type PjrtPlatform = "tpu" | "cuda13" | "cuda12" | "cpu";

/** Best device first. */
export const pjrtPlatforms: readonly PjrtPlatform[] = ["tpu", "cuda13", "cuda12", "cpu"];

/** A plugin in a wheel of PyPI's. */
export interface PluginWheel {
  readonly project: string;
  readonly version: string;
  /** The plugin's path in the wheel. */
  readonly library: string;
}

export const pluginWheels: Readonly<Record<PjrtPlatform, PluginWheel>> = {
  tpu: { project: "libtpu", version: "0.0.52", library: "libtpu/libtpu.so" },
  cuda13: {
    project: "jax-cuda13-pjrt",
    version: "0.12.0.1",
    library: "jax_plugins/xla_cuda13/xla_cuda_plugin.so",
  },
  cuda12: {
    project: "jax-cuda12-pjrt",
    version: "0.12.0.1",
    library: "jax_plugins/xla_cuda12/xla_cuda_plugin.so",
  },
  cpu: {
    project: "lammps-jax-pjrt-cpu",
    version: "0.11.2",
    library: "lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so",
  },
};

export const pluginFolder = (platform: PjrtPlatform): string =>
  join(enginesFolder(), `pjrt-${platform}-${pluginWheels[platform].version}`);

export const installedPlugin = (platform: PjrtPlatform): string =>
  join(siteOf(pluginFolder(platform)), pluginWheels[platform].library);
