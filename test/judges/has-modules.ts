/** Which of Python's modules the judges have: a folder that an older `npm run judges` made may lack some. */
import { spawnSync } from "node:child_process";
import { missing, python } from "./judges.js";

const program =
  "import sys; from importlib.util import find_spec as f; raise SystemExit(0 if all(map(f, sys.argv[1:])) else 1)";

export const hasModules = (...names: readonly string[]): boolean =>
  missing === "" && spawnSync(python, ["-c", program, ...names]).status === 0;
