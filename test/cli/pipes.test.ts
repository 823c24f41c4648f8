/** Whoever reads our output may leave at any time, and a user may have no home folder. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../temporary-folder.js";
import { source } from "../train/tiny.js";

const bash = (line: string, env = {}): { status: number | null; stdout: string; stderr: string } =>
  spawnSync("bash", ["-c", line], { encoding: "utf8", env: { ...process.env, ...env } });
const nestling = `"${process.execPath}" dist/cli/main.js`;

test.each([
  ["a table", "doctor", 0],
  ["JSON", "space show fashion --json", 0],
  ["help", "--help", 0],
  ["a mistake, on both streams", "space show nothing --json", 2],
])("%s into a pipe that is closed is no failure of ours", (_, args, code) => {
  const { stderr, stdout } = bash(`${nestling} ${args} | true; echo "code \${PIPESTATUS[0]}"`);
  expect(stderr).not.toMatch(/EPIPE|\n +at /);
  expect(stdout).toBe(`code ${code}\n`);
});

test.skipIf(!existsSync("/dev/full"))(
  "output on a full disk is a mistake, in words, and a log there ends nothing",
  async () => {
    const full = bash(`${nestling} space show fashion > /dev/full; echo "code $?"`);
    expect(full.stdout).toBe("code 2\n");
    expect(full.stderr).toBe(
      "the output is not writable (ENOSPC); want a place for it. Free some space, or send it elsewhere.\n",
    );
    const out = join(await temporaryFolder(), "run");
    const flags = `--space fixtures/spaces/tiny.json --data ${source} --steps 3 --batch 32 --threads 1 --out ${out}`;
    expect(bash(`${nestling} train ${flags} 2> /dev/full`).status).toBe(0);
    expect(existsSync(join(out, "checkpoint/weights-3.safetensors"))).toBe(true);
  },
);

test("training continues where nobody reads its progress", async () => {
  const out = join(await temporaryFolder(), "run");
  const flags = `--space fixtures/spaces/tiny.json --data ${source} --steps 3 --batch 32 --threads 1 --out ${out}`;
  const { stderr } = bash(`${nestling} train ${flags} 2>&1 | true`);
  expect(stderr).toBe("");
  expect(existsSync(join(out, "checkpoint/weights-3.safetensors"))).toBe(true);
});

const hasScript = spawnSync("script", ["--version"]).status === 0;
test.skipIf(!hasScript)(
  `a dumb terminal gets lines, another one a bar${hasScript ? "" : ": script is not installed"}`,
  async () => {
    const on = async (term: string): Promise<string> => {
      const out = join(await temporaryFolder(), "run");
      const flags = `--space fixtures/spaces/tiny.json --data ${source} --steps 3 --batch 32 --threads 1 --out ${out}`;
      const line = `${nestling} train ${flags}`;
      return spawnSync("script", ["-qec", line, "/dev/null"], { encoding: "utf8", env: { ...process.env, TERM: term } })
        .stdout;
    };
    expect(await on("xterm")).toContain("\u001b[");
    const dumb = await on("dumb");
    expect(dumb).not.toContain("\u001b");
    expect(dumb).toMatch(/^train 3\/3 /m);
  },
);
