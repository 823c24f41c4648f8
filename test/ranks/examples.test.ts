/** The examples of Slurm and Kubeflow: they parse, they fit their systems' schemas, and their commands are ones that nestling takes. */
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import schema from "../../fixtures/mpijob/mpijob-v2beta1.schema.json" with { type: "json" };
import { program } from "../../src/cli/program.js";

interface Container {
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly resources: { readonly limits: { readonly cpu: string } };
  readonly securityContext: { readonly runAsUser: number };
}

interface Replicas {
  readonly replicas: number;
  readonly template: { readonly spec: { readonly containers: readonly [Container] } };
}

const mpiJob = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
const jobText = await readFile("examples/kubeflow/mpijob.yaml", "utf8");
const job = parse(jobText) as {
  readonly spec: {
    readonly sshAuthMountPath: string;
    readonly mpiReplicaSpecs: Record<"Launcher" | "Worker", Replicas>;
  };
};
const { Launcher, Worker } = job.spec.mpiReplicaSpecs;
const [launcher] = Launcher.template.spec.containers;
const [worker] = Worker.template.spec.containers;

/** Throws where the command line would refuse the flags. */
async function parseFlags(args: readonly string[]): Promise<string[]> {
  const root = await program("train");
  const train = root.commands.find((command) => command.name() === "train")!;
  const [seen] = await new Promise<[string[]]>((resolve, reject) => {
    train.configureOutput({ writeErr: () => undefined, outputError: () => undefined });
    train.action((options: object) => resolve([Object.keys(options)]));
    root.parseAsync(args, { from: "user" }).catch(reject);
  });
  return seen;
}

test("the MPIJob fits the operator's definition of v2beta1, which refuses what it doesn't know", () => {
  expect(mpiJob.safeParse(parse(jobText)).error).toBeUndefined();
  for (const [from, to] of [
    ["slotsPerWorker: 1", "slotsPerWorker: one"],
    ["backoffLimit:", "backOffLimit:"],
    ["mpiImplementation: OpenMPI", "mpiImplementation: openmpi"],
    ["v2beta1\nkind", "v1\nkind"],
  ] as const) {
    expect(jobText).toContain(from);
    expect(mpiJob.safeParse(parse(jobText.replace(from, to))).success, to).toBe(false);
  }
});

test("the MPIJob starts one rank a worker, with as many threads as the worker has cores, and resumes", async () => {
  const after = (flag: string): string => launcher.args[launcher.args.indexOf(flag) + 1]!;
  expect(launcher.command).toEqual(["mpirun"]);
  expect(after("-np")).toBe(String(Worker.replicas));
  expect(after("--threads")).toBe(worker.resources.limits.cpu);
  expect(await parseFlags(launcher.args.slice(launcher.args.indexOf("nestling") + 1))).toContain("resume");
});

test("the image's user, sshd's files and the mounted keys are where the MPIJob has them", async () => {
  const [dockerfile, sshd] = await Promise.all(
    ["Dockerfile", "sshd_config"].map((name) => readFile(`examples/kubeflow/${name}`, "utf8")),
  );
  expect(dockerfile).toContain(`--uid ${worker.securityContext.runAsUser} mpiuser`);
  expect(launcher.securityContext).toEqual(worker.securityContext);
  expect(dockerfile).toContain(worker.args.at(-1));
  expect(sshd).toContain(`HostKey ${job.spec.sshAuthMountPath}/`);
});

test("the sbatch script is bash, and passes flags that nestling takes", async () => {
  const path = "examples/slurm/train.sbatch";
  expect(spawnSync("bash", ["-n", path], { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
  // In place of mpirun, a function that prints what it is given.
  const script = `mpirun() { printf '%s\\n' "$@"; }; exec() { "$@"; }; . ${path}`;
  const { stdout, stderr } = spawnSync("bash", ["-c", script], {
    encoding: "utf8",
    env: { ...process.env, SLURM_CPUS_PER_TASK: "16", OUT: "runs/my run" },
  });
  const args = stdout.trimEnd().split("\n");
  expect(args.slice(0, 3), stderr).toEqual(["--bind-to", "none", "nestling"]);
  expect(args[args.indexOf("--threads") + 1]).toBe("16");
  expect(args[args.indexOf("--out") + 1]).toBe("runs/my run");
  expect(await parseFlags(args.slice(3))).toContain("resume");
});
