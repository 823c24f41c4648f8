/** OpenVINO's runtime, and the layout and config of OpenVINO Model Server (its docs/models_repository.md). */
import { jsonText } from "../base/atomic-file.js";
import { shellWord } from "../base/text.js";
import { inputFiles, preprocessingSentence, readme } from "./child-files.js";
import type { Format } from "./format.js";

export const openvino: Format = {
  says: "OpenVINO's runtime and Model Server",
  files(child) {
    const { name, bytes, certificate, certificateBytes } = child;
    return {
      "config.json": jsonText({ model_config_list: [{ config: { name, base_path: `/models/${name}` } }] }),
      [`${name}/1/model.onnx`]: bytes,
      "certificate.json": certificateBytes,
      ...inputFiles(certificate),
      "README.md": readme(
        child,
        "For OpenVINO's runtime, and for its Model Server (REST on port 8000):",
        [
          "docker run --rm -p 8000:8000 -v $PWD:/models openvino/model_server --config_path /models/config.json --rest_port 8000",
          "",
          `python -c ${shellWord(`import openvino; print(openvino.Core().compile_model(${JSON.stringify(`${name}/1/model.onnx`)}, "CPU"))`)}`,
        ].join("\n"),
        [preprocessingSentence(certificate)],
      ),
    };
  },
};
