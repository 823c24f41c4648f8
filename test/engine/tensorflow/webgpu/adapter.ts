/** A GPU for tests: the machine's own, or else the software adapter of Debian's chromium. */
import { existsSync } from "node:fs";
import { probeWebgpu, type Probe } from "../../../../src/engine/tensorflow/webgpu/probe-process.js";

const swiftshader = "/usr/lib/chromium/vk_swiftshader_icd.json";

export async function findAdapter(): Promise<Probe> {
  const own = await probeWebgpu();
  if (own.state === "present" || !existsSync(swiftshader)) return own;
  process.env["VK_ICD_FILENAMES"] = swiftshader;
  return probeWebgpu();
}

export const howToGet = "a GPU with a driver, or the software one: apt-get install chromium libvulkan1";
