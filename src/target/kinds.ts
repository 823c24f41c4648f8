/** The kinds of targets, one row each: what nestling.targets.json says of one, how it is written out, and how it is opened. */
import { z } from "zod";
import { readerNames } from "./command/readers.js";
import type { Target } from "./target.js";

const command = z.array(z.string().min(1)).min(1);
const threads = z.number().int().min(0).max(1024);

const localSchema = z.strictObject({
  kind: z.literal("local"),
  threads: threads.optional().describe("onnxruntime's threads: 1 by default, 0 for all cores."),
  provider: z.string().min(1).optional().describe("onnxruntime's execution provider: cpu by default."),
});

const commandSchema = z.strictObject({
  kind: z.literal("command"),
  run: command.describe("The program and its arguments; {model}, {runs}, {dims} and {shape} stand for the model's."),
  reads: z.enum(readerNames).describe("Whose output it prints; `milliseconds`: JSON lines."),
  place: z.string().min(1).optional().describe("The model's folder on the device, where it is copied there."),
  copy: command.optional().describe("Copies {file} to {model}."),
  remove: command.optional().describe("Removes {model}."),
  prepare: z.array(command).optional().describe("Commands that run once, before the first model."),
  device: z.string().min(1).optional().describe("What the device is, for certificates and reports."),
  runs: z.number().int().min(1).max(1e6).optional().describe("Runs of one call; 100 by default."),
  timeout: z.number().min(1).max(3600).optional().describe("A command that takes longer is ended, in seconds; 120."),
});

const adbSchema = z.strictObject({
  kind: z.literal("adb"),
  serial: z.string().min(1).describe("As `adb devices` lists the phone."),
  program: z.string().min(1).describe("onnxruntime_perf_test, built for the phone."),
  libraries: z.array(z.string().min(1)).optional().describe("Files that it needs beside it."),
  threads: threads.optional().describe("onnxruntime's threads: 1 by default."),
  cores: z
    .string()
    .regex(/^[0-9a-f]+$/)
    .optional()
    .describe("Mask for taskset, in hexadecimal."),
});

const agentSchema = z.strictObject({
  kind: z.literal("agent"),
  url: z.string().min(1).describe("https://host:port, or http://localhost:port, as `nestling agent` shows it."),
  tokenFile: z.string().min(1).optional().describe("File with the agent's token; otherwise --token-file names it."),
  ca: z.string().min(1).optional().describe("File in PEM: who signed the agent's certificate, or that itself."),
  cert: z.string().min(1).optional().describe("File in PEM: our certificate, where the agent asks for one."),
  key: z.string().min(1).optional().describe("File in PEM: its key."),
  threads: threads.optional().describe("onnxruntime's threads: 1 by default, 0 for all cores."),
  provider: z.string().min(1).optional().describe("onnxruntime's execution provider: cpu by default."),
});

const browserSchema = z.strictObject({
  kind: z.literal("browser"),
  provider: z.enum(["wasm", "webgpu"]).optional().describe("The CPU, wasm, by default, or the GPU."),
  threads: threads.optional().describe("onnxruntime-web's threads: 1 by default, 0 for all cores."),
  host: z.string().min(1).optional().describe("Address that the page is served at: 127.0.0.1; 0.0.0.0 for all."),
  port: z.number().int().min(0).max(65_535).optional().describe("8474 by default; 0 for any that is free."),
  cert: z.string().min(1).optional().describe("File in PEM: a certificate, for https."),
  key: z.string().min(1).optional().describe("File in PEM: its key."),
});

/** A target as nestling.targets.json says it. */
export const targetSchema = z.discriminatedUnion("kind", [
  localSchema,
  commandSchema,
  adbSchema,
  agentSchema,
  browserSchema,
]);

/** A device, by its kind and what that needs to reach it. */
export type TargetDescription = z.output<typeof targetSchema>;

/** What opening a target takes beside its description. */
export interface Opening {
  /** Its name in results; undefined where it was written out, and its kind names it. */
  readonly name: string | undefined;
  /** Folder of its latency profiles; false: none. */
  readonly profiles: string | false;
  /** Called with a sentence where it waits. */
  readonly onWait?: ((reason: string) => void) | undefined;
  /** Whether what it is called with goes to a terminal with colours. */
  readonly colours?: boolean | undefined;
}

type Kind = TargetDescription["kind"];
type Described<K extends Kind> = Extract<TargetDescription, { kind: K }>;

interface Row<K extends Kind> {
  /** How it is written out; undefined where only nestling.targets.json can say it. */
  readonly written: string | undefined;
  /** What one is, for `target list` and the docs. */
  readonly what: string;
  /** What of its description is a file: in nestling.targets.json relative to that. */
  readonly files?: readonly (keyof Described<K> & string)[];
  readonly open: (description: Described<K>, opening: Opening) => Promise<Target>;
}

/** Modules are loaded when a target of their kind is opened. */
export const targetKinds: { readonly [K in Kind]: Row<K> } = {
  local: {
    written: "local[:threads=N][:provider=NAME]",
    what: "this machine, by onnxruntime-node",
    open: async ({ kind: _, ...options }, { name, profiles }) =>
      (await import("./local.js")).localTarget({ ...options, name, profiles }),
  },
  command: {
    written: undefined,
    what: "any program that prints times, over ssh or here",
    open: async ({ kind: _, ...options }, { name }) =>
      (await import("./command/command-target.js")).commandTarget({ ...options, name }),
  },
  adb: {
    written: "adb:SERIAL:program=FILE[:threads=N][:cores=MASK]",
    what: "a phone, with a benchmark program of yours",
    files: ["program", "libraries"],
    open: async ({ kind: _, ...options }, { name }) => {
      const [{ adbCommands }, { commandTarget }] = await Promise.all([
        import("./command/adb.js"),
        import("./command/command-target.js"),
      ]);
      return commandTarget({ ...adbCommands(options), name: name ?? `adb:${options.serial}` });
    },
  },
  agent: {
    written: "http[s]://HOST:PORT[:threads=N][:provider=NAME]",
    what: "a machine that runs `nestling agent` (docs/agent.md)",
    files: ["tokenFile", "ca", "cert", "key"],
    open: async ({ kind: _, ...options }, { name, profiles, onWait }) =>
      (await import("./agent/agent-target.js")).agentTarget({
        ...options,
        name,
        onWait,
        profiles: profiles === false ? undefined : profiles,
      }),
  },
  browser: {
    written: "browser[:provider=webgpu][:threads=N][:host=0.0.0.0][:port=N]",
    what: "a phone or a laptop, by a page in its browser (docs/browser.md)",
    files: ["cert", "key"],
    open: async ({ kind: _, ...options }, { name, profiles, onWait, colours }) =>
      (await import("./browser/browser.js")).browserTarget({
        ...options,
        name,
        onWait,
        profiles: profiles === false ? undefined : profiles,
        onLink: ({ url, qrCode, plainQrCode, warning }) => {
          const code = colours ? qrCode : plainQrCode;
          onWait?.([`Open ${url} on the device:`, code, ...(warning === undefined ? [] : [warning])].join("\n"));
        },
      }),
  },
};

/** Opens what a description says. */
export const openDescribed = (description: TargetDescription, opening: Opening): Promise<Target> =>
  (targetKinds[description.kind] as Row<Kind>).open(description, opening);
