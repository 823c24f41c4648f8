/** Runs the tools that an install needs. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../base/user-error.js";

const fixes = {
  "g++": "Install a C++ compiler: apt-get install g++, dnf install gcc-c++, apk add g++.",
  npm: "Install npm, which Node's own packages bring.",
} as const;

/** A compiler's errors may be long; the default of 1 MiB would stop it. */
const MOST_OUTPUT_BYTES = 64 * 2 ** 20;

/** @throws UserError `engine/tool` when it isn't there, `engine/build` with what it said when it fails */
export async function run(tool: keyof typeof fixes, args: readonly string[], cwd: string): Promise<void> {
  try {
    await promisify(execFile)(tool, args, { cwd, maxBuffer: MOST_OUTPUT_BYTES });
  } catch (error) {
    const { code, stderr = "", message } = error as NodeJS.ErrnoException & { stderr?: string };
    if (code === "ENOENT") {
      throw new UserError("engine/tool", { at: tool, got: "missing", want: `${tool} on the PATH`, fix: fixes[tool] });
    }
    const said = (stderr || message).split("\n").filter((line) => /error/i.test(line));
    throw new UserError(
      "engine/build",
      {
        at: `${tool} ${args[0] ?? ""}`,
        got: said.slice(0, 3).join("; ") || "failing",
        want: "it to work",
        fix: "Nothing was installed. Fix what it says and run the command again.",
      },
      { cause: error },
    );
  }
}

/** @throws UserError `engine/tool`: asked before the long work starts */
export const needTool = (tool: keyof typeof fixes): Promise<void> => run(tool, ["--version"], ".");

/**
 * Packages of npm's registry without their install scripts, in the folder's node_modules: out of npm's cache where they lie there.
 * @throws UserError `engine/tool`, `engine/build`
 */
export async function fetchPackages(folder: string, dependencies: Readonly<Record<string, string>>): Promise<void> {
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, dependencies }, null, 2));
  const quiet = ["--no-audit", "--no-fund", "--no-package-lock"];
  await run("npm", ["install", "--ignore-scripts", "--prefer-offline", "--no-global", ...quiet], folder);
}
