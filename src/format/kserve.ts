/** A KServe InferenceService that serves a child by the Open Inference Protocol, and what its storage holds. */
import { preprocessingSentence, readme } from "./child-files.js";
import type { Format } from "./format.js";
import { repository } from "./triton.js";

/** A name as KServe takes it: letters, digits and dashes, a letter first and no dash last; short enough for the services that it names after it. */
const kubernetesName = (name: string): string => {
  const words = name.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const [first = ""] = words;
  return ["child", ...words]
    .slice(/^[a-z]/.test(first) ? 1 : 0)
    .join("-")
    .slice(0, 53)
    .replace(/-$/, "");
};

export const kserve: Format = {
  says: "a KServe InferenceService, Open Inference Protocol v2",
  files(child) {
    const service = kubernetesName(child.name);
    return {
      "inferenceservice.yaml": `apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: "${service}"
spec:
  predictor:
    model:
      modelFormat:
        name: onnx
      protocolVersion: v2
      runtime: kserve-tritonserver
      storageUri: "pvc://models/${service}"
`,
      ...Object.fromEntries(Object.entries(repository(child)).map(([path, content]) => [`storage/${path}`, content])),
      "README.md": readme(
        child,
        "A KServe InferenceService; its storage is a Triton model repository:",
        `kubectl cp storage POD-WITH-THE-VOLUME:/mnt/models/${service}\nkubectl apply -f inferenceservice.yaml`,
        [
          "Another place than the volume `models` goes into storageUri: s3://, gs://, https://.",
          preprocessingSentence(child.certificate).replace("`preprocessor", `\`storage/${child.name}/preprocessor`),
        ],
      ),
    };
  },
};
