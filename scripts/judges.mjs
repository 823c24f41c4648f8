/**
 * `npm run judges`: makes .venv-judges, the Python packages that hold compiled children against engines that are not ours
 * (test/judges). Done once; done again only when the requirements change.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const folder = join(root, ".venv-judges");
const wanted = join(root, "test/judges/requirements.txt");
/** What they want beside these is left out: it is not used, and may contradict the others. */
const alone = [
  "tritonclient==2.73.0",
  // For its HTTP client.
  ...[
    "geventhttpclient==2.6.1",
    "python-rapidjson==1.25",
    "gevent==26.9.0",
    "greenlet==3.5.6",
    "certifi==2026.10.19.post1",
  ],
  ...["zope.event==6.2", "zope.interface==8.7", "brotli==1.2.1", "urllib3==2.8.0"],
  // KServe's inference client. The package wants Kubernetes' client and a web server too, and protobuf 6: 450 MB.
  ...["kserve==0.21.0", "httpx==0.28.1", "httpcore==1.0.9", "h11==0.16.0", "anyio==4.16.0", "idna==3.20"],
  ...[
    "grpcio==1.85.3",
    "orjson==3.13.0",
    "pyyaml==6.0.4",
    "psutil==5.9.8",
    "cloudevents==1.13.0",
    "deprecation==2.1.0",
  ],
  ...["pandas==2.3.3", "python-dateutil==2.9.0.post0", "pytz==2026.6", "six==1.17.0"],
  ...["fastapi==0.165.0", "starlette==1.10.0", "annotated-doc==0.0.7", "opentelemetry-api==1.45.2"],
  ...["pydantic==2.14.4", "pydantic_core==2.50.5", "annotated-types==0.8.0", "typing-inspection==0.4.5"],
  // Hugging Face's libraries, which load the transformers folder; they need PyTorch.
  ...["optimum-onnx==0.1.0", "optimum==2.1.0", "transformers==4.57.6", "tokenizers==0.22.2", "huggingface_hub==0.36.2"],
  ...["regex==2026.11.19", "requests==2.34.2", "charset-normalizer==3.5.3", "tqdm==4.70.1"],
  // An old PJRT plugin, which engine pjrt is tested with.
  "xla-cpu-pjrt==0.0.1",
];
/** PyTorch's build for the CPU lies on an index of its own, which not every machine reaches: without it, its tests are skipped. */
const torch = join(root, "test/judges/requirements-torch.txt");
const torchIndex = ["--extra-index-url", "https://download.pytorch.org/whl/cpu"];
/** LiteRT's converter of PyTorch's programs takes 900 MB more: it is there for whoever asks by --litert, and stays then. */
const litert = join(root, "test/judges/requirements-litert.txt");
/** What the folder was made from, written last: a half-made folder has none. */
const made = join(folder, "requirements.txt");
const madeFrom = existsSync(made) ? readFileSync(made, "utf8") : "";
const withLitert = process.argv.includes("--litert") || madeFrom.includes("litert-torch");
const requirements = [
  ...[wanted, torch, ...(withLitert ? [litert] : [])].map((file) => readFileSync(file, "utf8")),
  ...alone.map((line) => `${line}\n`),
].join("");
const run = (command, ...args) => execFileSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });

if (madeFrom === requirements) {
  console.log(".venv-judges is up to date");
} else {
  console.log(
    "making .venv-judges: onnx, onnxruntime, OpenVINO, OpenCV, Pillow, tritonclient, KServe's client, optimum, XLA for CPUs and PyTorch (some minutes and 2.1 GB)",
  );
  rmSync(folder, { recursive: true, force: true });
  run(process.env.PYTHON ?? "python3", "-m", "venv", folder);
  const install = (...args) =>
    run(join(folder, "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...args);
  install("-r", wanted);
  try {
    install("-r", torch); // where a mirror or a folder of wheels has it
  } catch {
    try {
      install("-r", torch, ...torchIndex);
    } catch {
      console.log("cannot install: PyTorch for the CPU; its tests are skipped");
    }
  }
  install("--no-deps", ...alone);
  if (withLitert) install("--no-deps", "-r", litert);
  writeFileSync(made, requirements);
  console.log("done: npm test now asks the judges too");
}
