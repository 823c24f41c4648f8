/** Whether the judges have PyTorch, which `npm run judges` installs where its build for the CPU is to be had. */
import { spawnSync } from "node:child_process";
import { missing, python } from "../judges/judges.js";

const imports =
  "from importlib.util import find_spec as f; raise SystemExit(0 if f('torch') and f('safetensors') else 1)";
const hasTorch = missing === "" && spawnSync(python, ["-c", imports]).status === 0;

/** Put into a test's name where it is skipped. */
export const withoutTorch = hasTorch ? "" : " (skipped: the judges have no PyTorch)";
