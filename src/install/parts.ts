/** What an install takes from where: releases that were built and checked together, so none is left to a resolver. */
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

/** CUDA 12 as `tensorflow[and-cuda]` 2.21.0 asks for it, without nvcc, which XLA alone would need. */
const cuda: Readonly<Record<string, string>> = {
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

/** The Python that a wheel is for doesn't matter: no Python runs. */
export const wheelParts: Record<TensorflowEngine, readonly WheelPart[]> = {
  node: [{ project: "tensorflow-cpu", version: libraryVersion, wants: wantsTensorflow }],
  "node-gpu": [
    { project: "tensorflow", version: libraryVersion, wants: wantsTensorflow },
    ...Object.entries(cuda).map(([project, version]) => ({
      project,
      version,
      wants: (member: string) => /^nvidia\/\w+\/lib\/[^/]+\.so[.\d]*$/.test(member),
    })),
  ],
};
