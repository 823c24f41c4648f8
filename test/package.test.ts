/**
 * The package as npm delivers it: packed, installed into another project, and used from there with nothing of this repository. The file
 * named by NESTLING_TARBALL is tried instead of a fresh one (scripts/release.mjs).
 */
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

let project: string;
/** As with a proxy that doesn't let onnxruntime's install script through: npm itself doesn't read this variable. */
const env: NodeJS.ProcessEnv = { ...process.env, GLOBAL_AGENT_HTTPS_PROXY: "http://127.0.0.1:9" };
delete env["ONNXRUNTIME_NODE_INSTALL"];
const run = (command: string, ...args: readonly string[]): string =>
  execFileSync(command, args, { cwd: project, env, encoding: "utf8", stdio: "pipe", maxBuffer: 1 << 26 });

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "nestling-package-"));
  env["XDG_DATA_HOME"] = join(project, "data");
  const given = process.env["NESTLING_TARBALL"];
  if (given !== undefined) copyFileSync(given, join(project, basename(given)));
  // `npm test` has built dist; packing must not build it again under the tests that run from it.
  else execFileSync("npm", ["pack", "--ignore-scripts", "--pack-destination", project], { stdio: "pipe" });
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  const dependencies = { nestling: `file:./nestling-${version}.tgz` };
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({ name: "consumer", type: "module", private: true, dependencies }),
  );
  run("npm", "install", "--prefer-offline", "--no-audit", "--no-fund");
}, 600_000);
afterAll(() => rmSync(project, { recursive: true, force: true }));

const packed = (): string[] => {
  const [content] = JSON.parse(
    execFileSync("npm", ["pack", "--dry-run", "--ignore-scripts", "--json"], { encoding: "utf8", stdio: "pipe" }),
  ) as { files: { path: string }[] }[];
  return content!.files.map(({ path }) => path);
};

test("the package holds what is used and nothing else", () => {
  const tops = new Set(packed().map((path) => path.split("/")[0]));
  expect([...tops].sort()).toEqual([
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "dist",
    "docs",
    "fixtures",
    "package.json",
    "schemas",
  ]);
});

test("every path that a message names is in the package", () => {
  const paths = packed();
  const named = new Set<string>();
  for (const name of readdirSync("src", { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts")) continue;
    const text = readFileSync(join("src", name), "utf8").replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, "");
    for (const [path] of text.matchAll(/\b(?:docs|schemas|fixtures|examples|bench|scripts)\/[\w/-]+(?:\.\w+)*/g))
      named.add(path);
  }
  expect([...named]).toEqual(
    expect.arrayContaining(["docs/recipe.md", "docs/space-format.md", "fixtures/fashion-mnist"]),
  );
  const isThere = (path: string): boolean => paths.some((one) => one === path || one.startsWith(`${path}/`));
  expect([...named].filter((path) => !isThere(path))).toEqual([]);
});

test("npx nestling runs: help, and the size of a space", () => {
  expect(run("npx", "nestling", "--help")).toContain("Usage: nestling");
  expect(run("npx", "nestling", "space", "count", "fashion").trim()).toBe("432");
});

test("the library is imported with its types", () => {
  writeFileSync(
    join(project, "consumer.ts"),
    `import { biggest, costOf, countArchitectures, idOf, loadDataset, loadSpace, parseBudget, UserError, type Architecture, type Budget } from "nestling";
     const space = await loadSpace("fashion");
     const architecture: Architecture = biggest(space);
     const count: bigint = countArchitectures(space);
     const budget: Budget = parseBudget("macs=5M");
     const data = await loadDataset("fixtures/fashion-mnist", { size: 28, channels: 1 });
     // @ts-expect-error: an architecture has no such part, so the types are not any
     const wrong: string = architecture.colour;
     let code = "";
     try { await loadSpace("nowhere.json"); } catch (error) { if (error instanceof UserError) code = error.code; }
     console.log(JSON.stringify({ id: idOf(space, architecture), many: count > 100n, limit: budget.limit, images: data.train.count, code, wrong: typeof wrong, cost: typeof costOf }));
    `,
  );
  const strict = {
    strict: true,
    module: "nodenext",
    target: "es2023",
    lib: ["es2023", "dom"],
    types: [],
    skipLibCheck: false,
  };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions: strict, files: ["consumer.ts"] }));
  run(process.execPath, resolve("node_modules/typescript/bin/tsc"), "-p", ".");
  expect(JSON.parse(run(process.execPath, "consumer.js"))).toMatchObject({
    ...{ many: true, limit: 5e6, images: 10_000, code: "space/unknown", wrong: "undefined", cost: "function" },
  });
});

/** README's JavaScript: the indented lines from an import of `from` to the first line of prose. */
function readmeCode(from: string): string {
  const lines = readFileSync("README.md", "utf8").split("\n");
  const first = lines.findIndex((line) => line.startsWith("    import {") && line.endsWith(`from "${from}";`));
  expect(first, `README.md has an import from ${from}`).toBeGreaterThanOrEqual(0);
  const rest = lines.slice(first);
  const end = rest.findIndex((line) => line !== "" && !line.startsWith("    "));
  return rest
    .slice(0, end < 0 ? undefined : end)
    .map((line) => line.slice(4))
    .join("\n");
}

const space = "node_modules/nestling/fixtures/spaces/tiny.json";
const shortly = ["--recalibration-images", "64", "--seconds", "0.1", "--json"];

function doctorSays(name: string): string | undefined {
  const { findings } = JSON.parse(run("npx", "nestling", "doctor", "--json")) as {
    findings: { name: string; state: string }[];
  };
  return findings.find((finding) => finding.name === name)?.state;
}

test("npx nestling runs where npm has left onnxruntime out: doctor says so, and a training needs none", () => {
  // On Linux on x64 alone its script fetches.
  if (process.platform === "linux" && process.arch === "x64")
    expect(existsSync(join(project, "node_modules/onnxruntime-node"))).toBe(false);
  else rmSync(join(project, "node_modules/onnxruntime-node"), { recursive: true });
  for (const name of ["Node", "engine wasm"]) expect(doctorSays(name), name).toBe("present");
  expect(doctorSays("onnxruntime")).toBe("missing");
  const data = ["--data", "fixtures/fashion-mnist", "--steps", "2", "--batch", "64"];
  const trained = run("npx", "nestling", "train", "--space", space, ...data, "--out", "run", "--json");
  expect(JSON.parse(trained)).toMatchObject({ steps: 2, out: "run" });
});

const exportTo = (out: string): string[] => [
  "nestling",
  "export",
  "run",
  "--arch",
  "smallest",
  "--out",
  out,
  ...shortly,
];

test("where no registry can be reached either, an export ends with what to type, and leaves nothing", () => {
  const nowhere = { npm_config_registry: "http://127.0.0.1:9", npm_config_cache: join(project, "no-cache") };
  const { status, stdout } = spawnSync("npx", exportTo("never.onnx"), {
    cwd: project,
    env: { ...env, ...nowhere, npm_config_fetch_retries: "0" },
    encoding: "utf8",
  });
  expect(status).toBe(2);
  const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
  expect(error.code).toBe("runtime/onnxruntime");
  expect(error.message).toContain("ECONNREFUSED");
  expect(error.message).toContain("nestling engine install onnxruntime");
  expect(existsSync(join(project, "data"))).toBe(false);
});

const engines = (): string[] => readdirSync(join(project, "data/nestling/engines"));

test("an export fetches onnxruntime once, though three need it at the same time; then it is there, and known to lack a provider", async () => {
  const refused = promisify(execFile)("npx", [...exportTo("third.onnx"), "--target", "local:provider=qnn"], {
    ...{ cwd: project, env, encoding: "utf8" },
  }).catch((error: unknown) => error as { code: number; stdout: string; stderr: string });
  const exported = await Promise.all(
    ["child.onnx", "other.onnx"].map((out) =>
      promisify(execFile)("npx", exportTo(out), { cwd: project, env, encoding: "utf8" }),
    ),
  );
  expect(exported.map(({ stdout }) => (JSON.parse(stdout) as { file: string }).file)).toEqual([
    "child.onnx",
    "other.onnx",
  ]);
  const third = await refused;
  expect(third).toMatchObject({ code: 2 });
  const { error } = JSON.parse(third.stdout) as { error: { code: string; message: string } };
  expect(error.code).toBe("target/provider");
  expect(error.message).toMatch(/provider is qnn; want one of cpu, /);
  expect(existsSync(join(project, "third.onnx"))).toBe(false);
  const said = [...exported, third].filter(({ stderr }) => stderr.includes("nestling: fetching onnxruntime-node"));
  expect(said).toHaveLength(1);
  expect(engines()).toEqual(["onnxruntime-node-1.30.0"]);
  expect(doctorSays("onnxruntime")).toBe("present");
}, 120_000);

test("what deploy writes for Node is installed by npm install alone, and computes the probe", () => {
  run("npx", "nestling", "deploy", "child.onnx", "--for", "node", "--out", "deployed");
  run("npm", "install", "--prefix", "deployed/node", "--prefer-offline", "--no-audit", "--no-fund");
  expect(run(process.execPath, "deployed/node/check.js")).toMatch(/^ok: /);
}, 120_000);

test("nestling engine install onnxruntime finds what works and replaces what doesn't", () => {
  const install = (): { installed: boolean; folder: string } =>
    JSON.parse(run("npx", "nestling", "engine", "install", "onnxruntime", "--json")) as never;
  const { installed, folder } = install();
  expect(installed).toBe(false);
  writeFileSync(join(folder, "dist/binding.js"), "throw new Error('damaged');");
  expect(install()).toMatchObject({ installed: true, folder });
  expect(install()).toMatchObject({ installed: false, folder });
  expect(engines()).toEqual(["onnxruntime-node-1.30.0"]);
}, 120_000);

test("README's JavaScript runs: it trains, searches, exports, and the child is loaded", () => {
  // The same calls with less work: two steps instead of a hundred, one mutant, 64 images.
  const shorter = [
    ["steps: 100", "steps: 2"],
    ["fineCandidates: 8", "fineCandidates: 1, recalibrationImages: 64"],
    ['out: "biggest.onnx"', 'out: "child.onnx", recalibrationImages: 64'],
  ] as const;
  const library = shorter.reduce((code, [long, short]) => {
    expect(code).toContain(long);
    return code.replace(long, short);
  }, readmeCode("nestling"));
  writeFileSync(join(project, "library.js"), library);
  expect(run(process.execPath, "library.js")).toMatch(/macs-3M\.onnx 0\.\d+ \d/);

  // A program that loads children has onnxruntime itself.
  run("npm", "install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "onnxruntime-node@1.30.0");
  writeFileSync(
    join(project, "load.js"),
    `${readmeCode("onnxruntime-node")}\nconsole.log(JSON.stringify(logits.dims));`,
  );
  expect(JSON.parse(run(process.execPath, "load.js"))).toEqual([1, 10]);
});

test("every schema is reached as nestling/schemas/<name>", () => {
  const names = ["space", "architecture", "recipe", "checkpoint", "search", "certificate"];
  writeFileSync(
    join(project, "schemas.mjs"),
    `import { createRequire } from "node:module";
     const require = createRequire(import.meta.url);
     console.log(JSON.stringify(${JSON.stringify(names)}.map((name) => require(\`nestling/schemas/\${name}.schema.json\`).type)));`,
  );
  expect(JSON.parse(run(process.execPath, "schemas.mjs"))).toEqual(names.map(() => "object"));
});
