/** Folders that are deployed: what they hold, that nothing is half written, and that verify finds whatever was changed. */
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { execFile, execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { canonicalSeal, sealed } from "../../src/base/seal.js";
import { embedPreprocessing } from "../../src/compile/embed-preprocessing.js";
import { certificatePath, type Certificate } from "../../src/deploy/certificate.js";
import { deployChildren, type Deployed } from "../../src/format/deploy-child.js";
import { formatNames, formats, type FormatName } from "../../src/format/formats.js";
import { readShipped } from "../../src/format/shipped-child.js";
import { childPaths } from "../../src/format/shipped-children.js";
import type { Manifest } from "../../src/format/manifest.js";
import { readKey } from "../../src/format/signature.js";
import { verifyFolder } from "../../src/format/verify-folder.js";
import { sha256Of } from "../../src/base/hash.js";
import { runNestling } from "../cli/bad-input.js";
import { makeFinishedRun, shortly } from "../cli/finished-run.js";
import { temporaryFolder } from "../temporary-folder.js";

let child: string;
let out: string;
beforeEach(async () => {
  const folder = await temporaryFolder();
  child = join(await makeFinishedRun(folder), "child.onnx");
  out = join(folder, "deployed");
});

const deploy = async (...names: readonly FormatName[]): Promise<string> => {
  const deployed = await deployChildren([child], { formats: names, out });
  expect(deployed.map(({ format }) => format)).toEqual(names);
  return deployed[0]!.folder;
};
const failed = async (folder: string): Promise<string[]> =>
  (await verifyFolder(folder)).checks.filter(({ verdict }) => verdict === "failed").map(({ name }) => name);

test.each(["float32", "float16", "int8-x64"] as const)(
  "a Hugging Face folder of a file in %s alone names that file to optimum",
  async (precision) => {
    const file = await readShipped(child);
    const { preprocessing } = file.certificate;
    // What the file computes is not asked; Python's pipelines take colours alone.
    const certificate: Certificate = {
      ...file.certificate,
      precision,
      preprocessing: { ...preprocessing, channels: 3 },
    };
    const files = await formats.transformers.files({ ...file, certificate });
    const [, named] = /file_name="(.+?)"/.exec(files["README.md"] as string)!;
    expect(Object.keys(files)).toContain(`onnx/${named!}`);
  },
);

describe.each(formatNames)("%s", (name) => {
  test("the folder is what its certificate says, and has a README of what to type, the same each time", async () => {
    const folder = await deploy(name);
    expect(await verifyFolder(folder)).toMatchObject({ passed: true });
    const readme = await readFile(join(folder, "README.md"), "utf8");
    expect(readme).toMatch(/(^|\n---\n)# child\n\n.+\n\n {4}\S/);
    expect(readme.split("\n").length).toBeLessThan(24);
    const files = await readdir(folder, { recursive: true });
    out += "-again";
    const again = await deploy(name);
    expect(await readdir(again, { recursive: true })).toEqual(files);
    expect(await readFile(join(again, "nestling.json"), "utf8")).toBe(
      await readFile(join(folder, "nestling.json"), "utf8"),
    );
  });

  test("whatever file is changed or missing, verify finds it; also where its hash was changed with it", async () => {
    const folder = await deploy(name);
    const path = join(folder, "nestling.json");
    const text = await readFile(path, "utf8");
    const manifest = JSON.parse(text) as Manifest;
    for (const file of Object.keys(manifest.files)) {
      const content = await readFile(join(folder, file));
      if (file !== manifest.model && file !== manifest.certificate) {
        const changed = Buffer.concat([content, Buffer.from("\n")]);
        await writeFile(join(folder, file), changed);
        expect(await failed(folder)).toEqual(["files", "content"]);
        const hidden = { ...manifest, files: { ...manifest.files, [file]: sha256Of(changed) } };
        await writeFile(path, JSON.stringify(sealed(hidden, canonicalSeal)));
        expect(await failed(folder)).toEqual(["content"]);
        await rm(join(folder, file));
        expect(await failed(folder)).toContain("files");
      } else if (file === manifest.model) {
        content[content.length >> 1]! ^= 1;
        await writeFile(join(folder, file), content);
        expect(await failed(folder)).toEqual(expect.arrayContaining(["files", "sha256"]));
        content[content.length >> 1]! ^= 1;
      }
      await writeFile(join(folder, file), content);
      await writeFile(path, text);
    }
    expect(await failed(folder)).toEqual([]);
  });
});

test("a certificate whose labels or preprocessing were edited is found, with or without its seal", async () => {
  const folder = await deploy("triton");
  const path = join(folder, "child/certificate.json");
  const certificate = JSON.parse(await readFile(path, "utf8")) as Certificate;
  const labels = [...certificate.labels].reverse();
  await writeFile(path, JSON.stringify({ ...certificate, labels }));
  expect(await failed(folder)).toEqual(expect.arrayContaining(["files", "seal", "content"]));
  await writeFile(path, JSON.stringify(sealed({ ...certificate, labels }, canonicalSeal)));
  expect(await failed(folder)).toEqual(expect.arrayContaining(["files", "provenance", "content"]));
});

test("all that a run's search exported, a folder for each; one child in three precisions makes one where a format takes them", async () => {
  const run = join(child, "..");
  const paths = await childPaths(run);
  expect(paths.map((path) => path.slice(run.length))).toEqual(["/children/macs-1M.onnx"]);
  const own = { formats: ["triton", "transformers"] as const, out };
  expect((await deployChildren([...paths, child], own)).map(({ folder }) => folder.slice(out.length))).toEqual([
    ...["/macs-1M/triton", "/child/triton", "/macs-1M/transformers", "/child/transformers"],
  ]);
  const [half, whole] = [join(run, "child.float16.onnx"), join(run, "child.int8-x64.onnx")];
  for (const [out, ...precision] of [
    [half, "float16"],
    [whole, "int8", "--max-loss", "100"],
  ] as const) {
    const { status, stderr } = await runNestling([
      ...["export", run, "--arch", "smallest", "--out", out, "--precision", ...precision],
      ...["--recalibration-images", "64", ...shortly],
    ]);
    expect(status, stderr).toBe(0);
  }
  out += "-precisions";
  const folders = (await deployChildren([half, child, whole], { ...own, out })).map(({ folder }) =>
    folder.slice(out.length),
  );
  expect(folders).toEqual([...["/child.float16/triton", "/child/triton", "/child.int8-x64/triton", "/transformers"]]);
  expect(await readdir(join(out, "transformers/onnx"))).toEqual([
    ...[
      "model.json",
      "model.onnx",
      "model_fp16.json",
      "model_fp16.onnx",
      "model_quantized.json",
      "model_quantized.onnx",
    ],
  ]);
  expect(await verifyFolder(join(out, "transformers"))).toMatchObject({ passed: true });
});

test("files that would make one folder are refused, so are two of a child in one precision and a run without children", async () => {
  const run = join(child, "..");
  await cp(child, join(out, "child.onnx"));
  await cp(certificatePath(child), join(out, "child.json"));
  const copy = join(out, "child.onnx");
  await expect(deployChildren([child, copy], { formats: ["node"], out })).rejects.toThrow(
    "of two files named child.onnx",
  );
  await expect(deployChildren([child, copy], { formats: ["transformers"], out })).rejects.toThrow(
    "child.onnx is float32 of the child that child.onnx is, too",
  );
  expect(await readdir(out)).toEqual(["child.json", "child.onnx"]);
  await rm(join(run, "children"), { recursive: true });
  await expect(childPaths(run)).rejects.toThrow("no children/*.onnx in it");
});

test("a signature is found wanting, of another key, and broken by any change; other tools check it", async () => {
  const folder = join(child, "..");
  const pem = async (name: string): Promise<string> => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    await writeFile(join(folder, `${name}.pem`), privateKey.export({ type: "pkcs8", format: "pem" }));
    await writeFile(join(folder, `${name}.pub`), publicKey.export({ type: "spki", format: "pem" }));
    return join(folder, name);
  };
  const [own, another] = [await pem("own"), await pem("another")];
  const signWith = `${own}.pem`;
  const [{ folder: deployed }] = (await deployChildren([child], { formats: ["node"], out, signWith })) as [Deployed];
  const verdict = async (key: string): Promise<unknown> =>
    (await verifyFolder(deployed, { signedBy: key })).checks.find(({ name }) => name === "signature")?.verdict;
  expect(await verdict(`${own}.pub`)).toBe("passed");
  expect(await verdict(`${another}.pub`)).toBe("failed");
  const [manifest, signature] = [join(deployed, "nestling.json"), join(deployed, "nestling.json.sig")];
  const byOpenssl = ["pkeyutl", "-verify", "-pubin", "-inkey", `${own}.pub`, "-rawin", "-in", manifest];
  await promisify(execFile)("openssl", [...byOpenssl, "-sigfile", signature]);
  // A manifest that was made to fit, seal and all, is not what was signed.
  const text = await readFile(manifest, "utf8");
  const changed = sealed({ ...(JSON.parse(text) as Manifest), name: "renamed" }, canonicalSeal);
  await writeFile(manifest, JSON.stringify(changed));
  expect(await verdict(`${own}.pub`)).toBe("failed");
  await writeFile(manifest, text);
  await rm(signature);
  expect(await verdict(`${own}.pub`)).toBe("failed");
  expect(await verifyFolder(deployed)).toMatchObject({ passed: true });
});

test("keys that are none, of another kind or with a passphrase are refused", async () => {
  const folder = join(child, "..");
  const { privateKey } = generateKeyPairSync("ed25519");
  const locked = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" } as const;
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  for (const [text, kind, got] of [
    ["no key", "private", "no such key"],
    [privateKey.export(locked), "private", "a key with a passphrase"],
    [rsa.export({ type: "pkcs8", format: "pem" }), "private", "a key of another kind, rsa"],
    [privateKey.export({ type: "pkcs8", format: "pem" }), "public", "a private key"],
  ] as const) {
    await writeFile(join(folder, "key"), text);
    await expect(readKey(join(folder, "key"), kind)).rejects.toThrow(got);
  }
});

test("where a model is from is said in SLSA's terms, and its parts in CycloneDX's, by its own schema", async () => {
  const folder = await deploy("triton");
  const certificate = JSON.parse(await readFile(certificatePath(child), "utf8")) as Certificate;
  const statement = JSON.parse(await readFile(join(folder, "provenance.json"), "utf8")) as unknown;
  expect(statement).toMatchObject({
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: "child/1/model.onnx", digest: { sha256: certificate.sha256 } }],
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {
      buildDefinition: {
        externalParameters: { architecture: certificate.id, precisions: ["float32"] },
        resolvedDependencies: [{ digest: { sha256: certificate.provenance.checkpoint } }, {}, {}],
      },
    },
  });
  const sbom = await readFile(join(folder, "sbom.cdx.json"), "utf8");
  expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(sbom)).toBeNull();
  expect(JSON.parse(sbom)).toMatchObject({
    metadata: { component: { type: "machine-learning-model", hashes: [{ content: certificate.sha256 }] } },
  });
  expect(sbom).not.toContain("onnxruntime-web");
  expect(await readFile(join(await deploy("web"), "sbom.cdx.json"), "utf8")).toContain(
    "pkg:npm/onnxruntime-web@1.30.0",
  );
});

test("other files are noted, what using a folder leaves in it is not", async () => {
  const folder = await deploy("python");
  await mkdir(join(folder, "__pycache__"));
  await writeFile(join(folder, "__pycache__/classify.pyc"), "");
  await symlink("/nowhere", join(folder, "node_modules"));
  expect((await verifyFolder(folder)).checks.map(({ name }) => name)).not.toContain("other files");
  await writeFile(join(folder, "notes.txt"), "");
  const { passed, checks } = await verifyFolder(folder);
  expect(passed).toBe(true);
  expect(checks).toContainEqual({ name: "other files", verdict: "noted", detail: "notes.txt" });
});

test("a folder that is there is refused before anything is written; nothing half written stays", async () => {
  await mkdir(join(out, "triton"), { recursive: true });
  await expect(deploy("python", "triton")).rejects.toThrow("triton is there already");
  expect(await readdir(out)).toEqual(["triton"]);
  await writeFile(`${out}-file`, "");
  await expect(deployChildren([child], { formats: ["python"], out: `${out}-file` })).rejects.toThrow("not writable");
});

test("of two that write one folder at once, one is refused, and what lies there is whole", async () => {
  const both = await Promise.allSettled([deploy("python"), deploy("python")]);
  expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  const lost = both.find((one) => one.status === "rejected");
  expect(lost?.reason).toMatchObject({ code: expect.stringMatching(/^(?:file\/write|format\/out)$/) as string });
  expect(await readdir(out)).toEqual(["python"]);
  expect((await verifyFolder(join(out, "python"))).passed).toBe(true);
});

test("a file without its own certificate is refused", async () => {
  const certificate = child.replace(".onnx", ".json");
  const text = await readFile(certificate, "utf8");
  await writeFile(certificate, text.replace(/"correct": \d+/, '"correct": 1999'));
  await expect(deploy("python")).rejects.toThrow("child.json");
  await writeFile(certificate, text);
  await writeFile(child, "another file");
  await expect(deploy("python")).rejects.toThrow(/child\.json is of another file than .*child\.onnx/);
  await rm(certificate);
  await expect(deploy("python")).rejects.toThrow("child.json is missing");
  await rm(child);
  await expect(deploy("python")).rejects.toThrow("child.onnx is missing");
  const readme = join(child, "../README.md");
  await writeFile(readme, "# Not a child");
  await expect(deployChildren([readme], { formats: ["python"], out })).rejects.toThrow(
    "README.md is a file of another name",
  );
});

test("KServe's service has a name that Kubernetes takes, and its storage is Triton's repository", async () => {
  const [bytes, text] = [await readFile(child), await readFile(child.replace(".onnx", ".json"))];
  const odd = join(child, "../Latency=5ms_Größe.onnx");
  await writeFile(odd, bytes);
  await writeFile(odd.replace(".onnx", ".json"), text);
  child = odd;
  const folder = await deploy("kserve");
  const service = parse(await readFile(join(folder, "inferenceservice.yaml"), "utf8")) as {
    metadata: { name: string };
    spec: { predictor: { model: Record<string, unknown> } };
  };
  expect(service.metadata.name).toBe("latency-5ms-gr-e");
  expect(service.spec.predictor.model).toEqual({
    modelFormat: { name: "onnx" },
    protocolVersion: "v2",
    runtime: "kserve-tritonserver",
    storageUri: "pvc://models/latency-5ms-gr-e",
  });
  expect(await readdir(join(folder, "storage"))).toEqual(["Latency=5ms_Größe"]);
});

/** The child under another name. */
async function named(name: string): Promise<string> {
  const path = join(child, "..", `${name}.onnx`);
  await cp(child, path);
  await cp(certificatePath(child), certificatePath(path));
  return path;
}

test.each([
  ["3o", "child-3o"],
  ["1e3", "child-1e3"],
  ["größer", "gr-er"],
  ["🍕", "child"],
  ["true", "true"],
  [`${"a".repeat(52)} b`, "a".repeat(52)],
])("a child named %s is KServe's service %s", async (name, service) => {
  child = await named(name);
  const text = await readFile(join(await deploy("kserve"), "inferenceservice.yaml"), "utf8");
  const { metadata } = parse(text) as { metadata: { name: string } };
  expect(metadata.name).toBe(service);
  // KServe's IsvcNameFmt.
  expect(metadata.name).toMatch(/^[a-z]([-a-z0-9]*[a-z0-9])?$/);
});

test("an odd name is the model's own in Triton's config, and safe in the command that a README shows", async () => {
  const name = `it's "$(touch pwned)" \\\n🍕`;
  child = await named(name);
  const repository = await deploy("triton");
  expect(await verifyFolder(repository)).toMatchObject({ passed: true });
  const config = await readFile(join(repository, name, "config.pbtxt"), "utf8");
  expect(config).toContain(`name: "it's \\"$(touch pwned)\\" \\\\\\n🍕"\n`);
  const readme = await readFile(join(await deploy("openvino"), "README.md"), "utf8");
  const command = /python (-c [^]*?)\n\nPictures/.exec(readme)![1]!;
  const shown = execFileSync("sh", ["-c", `printf '%s' ${command.replaceAll("\n    ", "\n").slice(3)}`], {
    cwd: out,
    encoding: "utf8",
  });
  expect(shown).toContain(`compile_model(${JSON.stringify(`${name}/1/model.onnx`)}, "CPU")`);
  expect(await readdir(out)).toEqual(["openvino", "triton"]);
});

test.each([".", ".."])("a child named %s is refused: a folder would be named after it", async (name) => {
  child = await named(name);
  await expect(deploy("triton")).rejects.toMatchObject({ code: "format/child" });
  await expect(readdir(out)).rejects.toThrow("ENOENT");
});

test("labels are one a line, for whatever reads lines", async () => {
  const certificate = certificatePath(child);
  const whole = JSON.parse(await readFile(certificate, "utf8")) as Certificate;
  const breaks = ["\n", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"];
  const labels = breaks.map((by, i) => `a${by}b${i}`);
  expect(labels).toHaveLength(whole.labels.length);
  await writeFile(certificate, JSON.stringify(sealed({ ...whole, labels }, canonicalSeal)));
  const text = await readFile(join(await deploy("pixels"), "labels.txt"), "utf8");
  expect(text).toBe(breaks.map((_, i) => `a b${i}\n`).join(""));
});

test("a run's files that its last search didn't choose are deployed, and named", async () => {
  const run = join(child, "..");
  const hand = join(run, "children/hand.onnx");
  await cp(child, hand);
  const whole = JSON.parse(await readFile(certificatePath(child), "utf8")) as Certificate;
  const provenance = { ...whole.provenance, checkpoint: "0".repeat(64) };
  await writeFile(certificatePath(hand), JSON.stringify(sealed({ ...whole, provenance }, canonicalSeal)));
  const args = ["deploy", run, "--for", "triton", "--out"];
  const { status, stderr, stdout } = await runNestling([...args, out, "--json"]);
  expect(status, stderr).toBe(0);
  expect(stderr).toContain("not chosen by the last search");
  expect(stderr).toMatch(/: hand\.onnx$/m);
  expect(JSON.parse(stdout)).toMatchObject({
    deployed: [{ folder: join(out, "hand/triton") }, { folder: join(out, "macs-1M/triton") }],
    earlier: ["hand"],
  });
  // Without a search that could tell, none is named.
  await rm(join(run, "search.json"));
  expect(JSON.parse((await runNestling([...args, `${out}-2`, "--json"])).stdout)).toMatchObject({ earlier: [] });
});

test.skipIf(process.platform !== "linux")(
  "a place that takes no folders is refused, and not asked without end",
  async () => {
    out = "/proc/nestling";
    await expect(deploy("python")).rejects.toMatchObject({ code: "file/write" });
  },
);

test("a child that is not float32 is refused for PyTorch before another format is written", async () => {
  const certificate = child.replace(".onnx", ".json");
  const whole = JSON.parse(await readFile(certificate, "utf8")) as Certificate;
  await writeFile(certificate, JSON.stringify(sealed({ ...whole, precision: "float16" as const }, canonicalSeal)));
  await expect(deploy("python", "pytorch")).rejects.toThrow("child.onnx is a child in float16; want one in float32");
  await expect(readdir(out)).rejects.toThrow("ENOENT");
});

test("for PyTorch a run's float32 children are written and the others are named; a run without any is refused", async () => {
  const run = join(child, "..");
  const [own, other] = ["macs-1M", "macs-1M.float16"].map((name) => join(run, `children/${name}.onnx`)) as [
    string,
    string,
  ];
  await cp(own, other);
  const whole = JSON.parse(await readFile(certificatePath(own), "utf8")) as Certificate;
  const half = JSON.stringify(sealed({ ...whole, precision: "float16" as const }, canonicalSeal));
  await writeFile(certificatePath(other), half);
  const args = ["deploy", run, "--for", "pytorch,triton", "--out"];
  const { status, stderr, stdout } = await runNestling([...args, out, "--json"]);
  expect(status, stderr).toBe(0);
  expect(stderr).toContain("Left out for pytorch, which takes float32 alone: macs-1M.float16.onnx, in float16");
  expect(stderr).not.toContain("triton, which");
  expect(JSON.parse(stdout)).toMatchObject({
    deployed: ["pytorch", "macs-1M.float16/triton", "macs-1M/triton"].map((folder) => ({ folder: join(out, folder) })),
    leftOut: [{ format: "pytorch", name: "macs-1M.float16", precision: "float16" }],
  });
  expect(await verifyFolder(join(out, "pytorch"))).toMatchObject({ passed: true });
  // A file that is named is meant.
  const named = await runNestling(["deploy", own, other, "--for", "pytorch", "--out", `${out}-named`]);
  expect(named).toMatchObject({ status: 2, stderr: expect.stringContaining("is a child in float16") as string });
  await rm(own);
  const none = await runNestling([...args, `${out}-none`]);
  expect(none).toMatchObject({ status: 2, stderr: expect.stringContaining("no child in float32") as string });
  await expect(readdir(`${out}-none`)).rejects.toThrow("ENOENT");
});

test("a file that is made from the certified one is a subject of the provenance too, and follows from it", async () => {
  for (const [name, model, made] of [
    ["pixels", "certified/model.onnx", ["pixels.onnx"]],
    ["pytorch", "model.onnx", ["model.py", "weights.safetensors"]],
  ] as const) {
    out += `-${name}`;
    const folder = await deploy(name);
    const fileOf = async (path: string) => ({
      name: path,
      digest: { sha256: sha256Of(await readFile(join(folder, path))) },
    });
    const statement = JSON.parse(await readFile(join(folder, "provenance.json"), "utf8")) as {
      subject: unknown;
      predicate: { buildDefinition: { resolvedDependencies: unknown[] } };
    };
    expect(statement.subject).toEqual(await Promise.all([model, ...made].map(fileOf)));
    const { resolvedDependencies } = statement.predicate.buildDefinition;
    expect(resolvedDependencies.length).toBe(4);
    expect(resolvedDependencies[3]).toEqual({ ...(await fileOf(model)), annotations: { makes: made } });
  }
});

test("without onnxruntime-web a page is refused before another format is written; one that is there is verified as far as goes", async () => {
  const folder = await deploy("web");
  const hook = join(child, "../without.cjs");
  await writeFile(
    hook,
    `const module_ = require("node:module");
const resolve = module_._resolveFilename;
module_._resolveFilename = (name, ...more) => resolve(name.startsWith("onnxruntime-web") ? "not-installed" : name, ...more);`,
  );
  const env = { NODE_OPTIONS: `--require ${hook}` };
  const refused = await runNestling(["deploy", child, "--for", "node,web", "--out", `${out}-again`], { env });
  expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining("onnxruntime-web is missing") as string });
  await expect(readdir(`${out}-again`)).rejects.toThrow("ENOENT");
  const verified = await runNestling(["verify", folder], { env });
  expect(verified.stdout).toContain("skipped content: onnxruntime-web is missing");
  expect(verified.status).toBe(0);
  await writeFile(join(folder, "onnxruntime-web/ort.js"), "");
  expect((await runNestling(["verify", folder], { env })).status).toBe(1);
});

test("a file with the preprocessing in its graph that prepares pictures otherwise is found by what it computes", async () => {
  const folder = await deploy("pixels");
  const path = join(folder, "nestling.json");
  const manifest = JSON.parse(await readFile(path, "utf8")) as Manifest;
  const { preprocessing } = JSON.parse(await readFile(certificatePath(child), "utf8")) as Certificate;
  const other = async (changes: Partial<typeof preprocessing>): Promise<string[]> => {
    const file = embedPreprocessing(await readFile(child), { ...preprocessing, ...changes }, {});
    await writeFile(join(folder, "pixels.onnx"), file);
    // By a version whose folder this one can't write again.
    const files = { ...manifest.files, "pixels.onnx": sha256Of(file) };
    await writeFile(path, JSON.stringify(sealed({ ...manifest, nestling: "0.0.1", files }, canonicalSeal)));
    return failed(folder);
  };
  expect(await other({})).toEqual([]);
  expect(await other({ image_mean: [0.1] })).toEqual(["computes"]);
  expect(await other({ resample: 3 })).toEqual(["computes"]);
});

test("every format says what loads it", () => {
  for (const { says } of Object.values(formats)) expect(says).toMatch(/\w{4}/);
});
