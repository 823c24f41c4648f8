/** Looks at the machine. Nothing here is needed to be present but Node itself: each missing thing says what it would give. */
import { stat } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import { knownIdx } from "../data/known-idx.js";
import { createEngine } from "../engine/choose.js";
import { inspectEngine, listGpus } from "../engine/tensorflow/inspect.js";
import { listProviders, onnxruntimeVersion } from "../runtime/session.js";

export interface Finding {
  readonly name: string;
  readonly state: "present" | "missing";
  readonly detail: string;
}

const NODE_MINIMUM = [20, 19] as const;

export async function doctor(): Promise<Finding[]> {
  const [major, minor] = process.versions.node.split(".").map(Number) as [number, number];
  const nodeRight = major > NODE_MINIMUM[0] || (major === NODE_MINIMUM[0] && minor >= NODE_MINIMUM[1]);
  const engine = await createEngine("wasm");
  const findings: Finding[] = [
    {
      name: "Node",
      state: nodeRight ? "present" : "missing",
      detail: nodeRight ? process.version : `${process.version}; nestling needs ${NODE_MINIMUM.join(".")} or newer`,
    },
    {
      name: "cores",
      state: "present",
      detail: `${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB of memory`,
    },
    { name: "engine wasm", state: "present", detail: engine.description },
    ...(await trainingLibraries()),
    { name: "onnxruntime", state: "present", detail: onnxruntimeVersion },
    ...listProviders().map(({ name, bundled }): Finding => ({
      name: `onnxruntime provider ${name}`,
      state: bundled ? "present" : "missing",
      detail: bundled ? "in the package" : "not in the package; nestling measures on cpu",
    })),
  ];
  engine.dispose();
  for (const [name, { packaged }] of Object.entries(knownIdx)) {
    if (!packaged) continue;
    const there = await stat(packaged.folder).then(
      () => true,
      () => false,
    );
    findings.push({
      name: `data ${name}`,
      state: there ? "present" : "missing",
      detail: there ? packaged.folder : `on Debian: apt-get install ${packaged.name}; or it is downloaded at first use`,
    });
  }
  return findings;
}

async function trainingLibraries(): Promise<Finding[]> {
  const gpus = await listGpus();
  const findings: Finding[] = [
    {
      name: "NVIDIA GPU",
      state: gpus.length > 0 ? "present" : "missing",
      detail: gpus.join("; ") || "nvidia-smi finds none; nestling needs none",
    },
  ];
  for (const engine of ["node", "node-gpu"] as const) {
    const { works, detail } = await inspectEngine(engine);
    findings.push({ name: `engine ${engine}`, state: works ? "present" : "missing", detail });
  }
  return findings;
}
