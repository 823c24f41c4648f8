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
];
/** PyTorch's build for the CPU lies on an index of its own, which not every machine reaches: without it, its tests are skipped. */
const torch = join(root, "test/judges/requirements-torch.txt");
const torchIndex = ["--extra-index-url", "https://download.pytorch.org/whl/cpu"];
/** What the folder was made from, written last: a half-made folder has none. */
const made = join(folder, "requirements.txt");
const requirements = [
  ...[wanted, torch].map((file) => readFileSync(file, "utf8")),
  ...alone.map((line) => `${line}\n`),
].join("");
const run = (command, ...args) => execFileSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });

if (existsSync(made) && readFileSync(made, "utf8") === requirements) {
  console.log(".venv-judges is up to date");
} else {
  console.log(
    "making .venv-judges: onnx, onnxruntime, OpenVINO, OpenCV, Pillow, tritonclient and PyTorch (about a minute and 1.5 GB)",
  );
  rmSync(folder, { recursive: true, force: true });
  run(process.env.PYTHON ?? "python3", "-m", "venv", folder);
  const install = (...args) =>
    run(join(folder, "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...args);
  install("-r", wanted);
  install("--no-deps", ...alone);
  try {
    install("-r", torch); // where a mirror or a folder of wheels has it
  } catch {
    try {
      install("-r", torch, ...torchIndex);
    } catch {
      console.log("cannot install: PyTorch for the CPU; its tests are skipped");
    }
  }
  writeFileSync(made, requirements);
  console.log("done: npm test now asks the judges too");
}
