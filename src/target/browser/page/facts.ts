/** What a page can tell of its device. */
import type { BrowserFacts } from "../../environment.js";
import type { PageFacts } from "../protocol.js";
import { browserOf, cpuOf, osOf, type HighEntropy } from "./user-agent.js";

/** Chromium alone has it, on https and localhost. */
interface ChromiumNavigator {
  readonly deviceMemory?: number;
  readonly userAgentData?: { getHighEntropyValues(hints: readonly string[]): Promise<HighEntropy> };
}

export async function pageFacts(
  gpu: GpuFacts | undefined,
  runtime: { readonly onnxruntime: string; readonly threads: number },
  clockMs: number,
): Promise<PageFacts> {
  const { userAgent, hardwareConcurrency } = navigator;
  const { deviceMemory = 0, userAgentData } = navigator as ChromiumNavigator;
  const hints = ["architecture", "bitness", "model", "platformVersion"];
  const more = await userAgentData?.getHighEntropyValues(hints).catch(() => undefined);
  return {
    cpu: cpuOf(more),
    cores: hardwareConcurrency,
    memoryGiB: deviceMemory,
    os: osOf(userAgent, more),
    ...runtime,
    browser: {
      name: browserOf(userAgent),
      isolated: crossOriginIsolated,
      clockMs,
      ...gpu,
    },
  };
}

export type GpuFacts = Required<Pick<BrowserFacts, "gpu" | "fp16">>;

/** @throws Error where there is none */
export async function gpuFacts(): Promise<GpuFacts> {
  if (!isSecureContext) throw new Error("WebGPU needs https or localhost");
  if (!("gpu" in navigator)) throw new Error("this browser has no WebGPU");
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error("WebGPU finds no GPU");
  const { vendor, architecture, description } = adapter.info;
  const gpu = [vendor, architecture, description].filter((text) => text !== "").join(" ") || "unnamed";
  return { gpu, fp16: adapter.features.has("shader-f16") };
}
