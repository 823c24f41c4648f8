/**
 * What earlier sessions know of the anchor on this machine. A machine may run at another speed for a whole session, which no session can tell
 * alone; figures that refer to one latency of the anchor agree all the same. It is one small file for each machine and runtime.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeJsonAtomic } from "../base/atomic-file.js";
import { sha256Of } from "../base/hash.js";
import { canonicalJson } from "../base/seal.js";
import type { Environment } from "../target/environment.js";
import { anchor } from "./anchor.js";
import { quantile } from "./statistics.js";

/** What latency is of, beside the model: other values are another device. */
const deviceSchema = z.strictObject({
  target: z.string(),
  cpu: z.string(),
  cpuFlags: z.array(z.string()),
  cores: z.number(),
  onnxruntime: z.string(),
  executionProvider: z.string(),
  threads: z.number(),
  nodeMajor: z.number(),
  browser: z.string().optional().describe("Where models ran in a page: the browser, and its GPU."),
  anchor: z.string().describe("SHA-256 of the anchor's file."),
});

const profileSchema = z.strictObject({
  format: z.literal(1),
  device: deviceSchema,
  referenceMs: z.number().positive(),
  sessions: z.array(z.strictObject({ date: z.iso.datetime(), anchorMs: z.number().positive() })).min(1),
});

/** The device of a profile. */
export type Device = z.output<typeof deviceSchema>;

/** The anchor's undisturbed latency in the last sessions of a device, oldest first, and the one that figures refer to. */
export type AnchorProfile = z.output<typeof profileSchema>;

/** Sessions that are remembered. */
const KEPT = 30;
/** The reference stays where it is unless the sessions leave it by more: each move is a step between figures. */
const STEADY = 0.02;

/** @param target its name */
export function deviceOf(target: string, environment: Environment): Device {
  const { cpu, cpuFlags, cores, onnxruntime, executionProvider, threads, node, browser } = environment;
  const runtime = { onnxruntime, executionProvider, threads, nodeMajor: Number.parseInt(node.replace(/^v/, ""), 10) };
  const page = browser && { browser: [browser.name, browser.gpu ?? []].flat().join(", ") };
  return { target, cpu, cpuFlags: [...cpuFlags], cores, ...runtime, ...page, anchor: sha256Of(anchor().bytes) };
}

/** Where a device's profile lies. */
export const profilePath = (folder: string, device: Device): string =>
  join(folder, `${sha256Of(canonicalJson(device)).slice(0, 16)}.json`);

/** Undefined where there is none, and of a file that can't be read: the next session writes it anew. */
export async function readProfile(path: string): Promise<AnchorProfile | undefined> {
  try {
    return profileSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return undefined;
  }
}

/** All profiles of a folder that can be read. */
export async function listProfiles(folder: string): Promise<{ path: string; profile: AnchorProfile }[]> {
  const names = await readdir(folder).catch(() => []);
  const paths = names.filter((name) => /^[0-9a-f]{16}\.json$/.test(name)).map((name) => join(folder, name));
  const found = await Promise.all(paths.sort().map(async (path) => ({ path, profile: await readProfile(path) })));
  return found.flatMap(({ path, profile }) => (profile ? [{ path, profile }] : []));
}

/**
 * Adds a session to a device's profile. Of two processes that do so at once, one session may be forgotten.
 * @returns the profile with it, also where it can't be written
 */
export async function keepSession(folder: string, device: Device, anchorMs: number, now: Date): Promise<AnchorProfile> {
  const path = profilePath(folder, device);
  const profile = withSession(device, await readProfile(path), { date: now.toISOString(), anchorMs });
  await writeJsonAtomic(path, profile).catch(() => undefined);
  return profile;
}

/**
 * The reference is the lower quartile of the sessions, since what disturbs a machine only slows it, and one session may be luck. It moves down
 * when the quartile is lower by more than 2 %, and up when none of the last 30 sessions comes within 2 % of it.
 */
export function withSession(
  device: Device,
  known: AnchorProfile | undefined,
  session: AnchorProfile["sessions"][number],
): AnchorProfile {
  const sessions = [...(known?.sessions ?? []), session].slice(-KEPT);
  const latencies = sessions.map(({ anchorMs }) => anchorMs);
  const quartile = quantile(latencies, 0.25);
  const before = known?.referenceMs ?? quartile;
  const isTooHigh = quartile * (1 + STEADY) < before;
  const isTooLow = sessions.length === KEPT && Math.min(...latencies) > before * (1 + STEADY);
  return { format: 1, device, referenceMs: isTooHigh || isTooLow ? quartile : before, sessions };
}

/** When a model's figure is divided by the anchor's, it keeps this share of what sets the anchor's sessions apart, at most. */
const KEPT_BY_THE_RATIO = 0.7;
/** By what the reference may be wrong where it is known from one session; from n sessions, by the n-th part. */
const ONE_SESSION = 0.1;

/**
 * What sessions of this device differ by although they refer to one latency of the anchor, as a share: part of what the anchor's sessions lie
 * apart, and more while few are known.
 * @param anchorMs the anchor in the session at hand
 */
export function unexplainedBy({ referenceMs, sessions }: AnchorProfile, anchorMs: number): number {
  const distance = (ms: number): number => Math.log(ms / referenceMs);
  const between = Math.sqrt(sessions.reduce((sum, it) => sum + distance(it.anchorMs) ** 2, 0) / sessions.length);
  return Math.hypot(KEPT_BY_THE_RATIO * Math.hypot(between, distance(anchorMs)), ONE_SESSION / sessions.length);
}
