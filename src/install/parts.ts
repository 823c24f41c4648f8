/** What an install takes from where: releases that were built and checked together, so none is left to a resolver. */
import { pluginWheels, type PjrtPlatform } from "../engine/pjrt/installed.js";
import { libraryVersion, type TensorflowEngine } from "../engine/tensorflow/installed.js";

export interface WheelPart {
  readonly project: string;
  readonly version: string;
  /** Whether a member of the wheel is extracted. */
  readonly wants: (member: string) => boolean;
}

const headers = new Set([
  ...["c_api", "c_api_macros", "tf_attrtype", "tf_buffer", "tf_datatype", "tf_status", "tf_tensor", "tf_tstring"].map(
    (name) => `tensorflow/c/${name}.h`,
  ),
  "tensorflow/c/eager/c_api.h",
  "xla/tsl/c/tsl_status.h",
  ...["tensorflow/core/platform", "tsl/platform"].flatMap((folder) => [
    `${folder}/ctstring.h`,
    `${folder}/ctstring_internal.h`,
  ]),
]);

const libraries = new Set(["tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2"]);

const includeFolder = "tensorflow/include/";

const wantsTensorflow = (member: string): boolean =>
  libraries.has(member) || (member.startsWith(includeFolder) && headers.has(member.slice(includeFolder.length)));

/** CUDA 12 as `tensorflow[and-cuda]` 2.21.0 asks for it, without nvcc, which XLA alone needs. */
const cuda12: Readonly<Record<string, string>> = {
  "nvidia-cublas-cu12": "12.9.1.4",
  "nvidia-cuda-cupti-cu12": "12.9.79",
  "nvidia-cuda-nvrtc-cu12": "12.9.86",
  "nvidia-cuda-runtime-cu12": "12.9.79",
  "nvidia-cudnn-cu12": "9.10.2.21",
  "nvidia-cufft-cu12": "11.4.1.4",
  "nvidia-curand-cu12": "10.3.10.19",
  "nvidia-cusolver-cu12": "11.7.5.82",
  "nvidia-cusparse-cu12": "12.5.10.65",
  "nvidia-nccl-cu12": "2.27.7",
  "nvidia-nvjitlink-cu12": "12.9.86",
};

/** Shared libraries, and what XLA compiles kernels with. */
const wantsNvidia = (member: string): boolean =>
  /^nvidia\/\w+\/(?:lib\/[^/]+\.so[.\d]*|bin\/(?:ptxas|nvlink)|nvvm\/libdevice\/[^/]+\.bc)$/.test(member);

function nvidiaParts(versions: Readonly<Record<string, string>>): WheelPart[] {
  return Object.entries(versions).map(([project, version]) => ({ project, version, wants: wantsNvidia }));
}

/** The Python that a wheel is for doesn't matter: no Python runs. */
export const wheelParts: Record<TensorflowEngine, readonly WheelPart[]> = {
  node: [{ project: "tensorflow-cpu", version: libraryVersion, wants: wantsTensorflow }],
  "node-gpu": [{ project: "tensorflow", version: libraryVersion, wants: wantsTensorflow }, ...nvidiaParts(cuda12)],
};

/** CUDA 13 as `pip install jax[cuda13]` 0.12.0 found it in November 2026. */
const cuda13: Readonly<Record<string, string>> = {
  "nvidia-cublas": "13.10.0.20",
  "nvidia-cuda-cupti": "13.5.25",
  "nvidia-cuda-nvcc": "13.5.37",
  "nvidia-cuda-nvrtc": "13.5.37",
  "nvidia-cuda-runtime": "13.5.37",
  "nvidia-cudnn-cu13": "9.28.1.4",
  "nvidia-cufft": "12.5.0.14",
  "nvidia-cusolver": "12.4.1.2",
  "nvidia-cusparse": "12.9.4.2",
  "nvidia-nccl-cu13": "2.32.3",
  "nvidia-nvjitlink": "13.5.37",
  "nvidia-nvvm": "13.5.37",
};

/** A plugin, and NVIDIA's wheels in the same folder, where its RPATH finds them. */
export const pluginParts = (platform: PjrtPlatform): readonly WheelPart[] => {
  const { project, version, library } = pluginWheels[platform];
  const plugin = { project, version, wants: (member: string) => member === library };
  switch (platform) {
    case "cuda12":
      return [plugin, ...nvidiaParts({ ...cuda12, "nvidia-cuda-nvcc-cu12": "12.9.86" })];
    case "cuda13":
      return [plugin, ...nvidiaParts(cuda13)];
    case "tpu":
    case "cpu":
      return [plugin];
  }
};
