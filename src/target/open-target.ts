/** One word for a device: a name from nestling.targets.json, or a target that is written out. */
import { checkDocument } from "../base/document.js";
import { UserError } from "../base/user-error.js";
import { openDescribed, targetKinds, targetSchema, type TargetDescription } from "./kinds.js";
import { defaultProfiles } from "./local.js";
import type { Target } from "./target.js";
import { namedTargets, TARGETS_FILE, type NamedTargets } from "./targets-file.js";

/** How a device is opened. */
export interface TargetOptions {
  /** Folder of its latency profiles; by default in the user's cache. false: none is read or written. */
  readonly profiles?: string | false;
  /** File with the token of an agent, in place of the one that nestling.targets.json names. Other kinds need none. */
  readonly tokenFile?: string | undefined;
  /** Called with a sentence where the target waits: for its turn on an agent, for one that is away. */
  readonly onWait?: ((reason: string) => void) | undefined;
  /** Whether these sentences go to a terminal with colours: a QR code is drawn in them. Without by default. */
  readonly colours?: boolean | undefined;
}

/**
 * Opens a device.
 * @param text a name from nestling.targets.json, or written out: `local:threads=4`, `https://pi.local:8473`
 * @throws UserError `target/unknown`, `target/options`, `target/file`, or what its kind throws: `target/…`
 */
export async function openTarget(text: string, options: TargetOptions = {}): Promise<Target> {
  const named = await namedTargets();
  const name = Object.hasOwn(named.targets, text) ? text : undefined;
  const { profiles = defaultProfiles(), tokenFile, onWait, colours } = options;
  const description = describeTarget(text, named);
  const isAgents = description.kind === "agent" && tokenFile !== undefined;
  return openDescribed(isAgents ? { ...description, tokenFile } : description, { profiles, onWait, colours, name });
}

/** Whether a word for a device is of an agent, which needs a token. @throws UserError as `openTarget`, but for what the kind throws */
export const isAgent = async (text: string): Promise<boolean> =>
  describeTarget(text, await namedTargets()).kind === "agent";

/** What a word for a device says. @throws UserError `target/unknown`, `target/options` */
export function describeTarget(text: string, { path, targets }: NamedTargets): TargetDescription {
  const named = Object.hasOwn(targets, text) ? targets[text] : undefined;
  return named ?? written(text, path, Object.keys(targets));
}

/** Options whose values are numbers. */
const NUMBERS = new Set(["threads", "port"]);
/** An agent is written as its address, whose port follows a colon. */
const ADDRESS = /^(https?:\/\/.*?)((?::[a-z]+=[^:]*)*)$/;

function written(text: string, path: string | undefined, names: readonly string[]): TargetDescription {
  const [, url, ofAgent] = ADDRESS.exec(text) ?? [];
  const [kind = "", ...parts] = url === undefined ? text.split(":") : ["agent", ...ofAgent!.split(":").slice(1)];
  const isWritable = kind !== "agent" || url !== undefined;
  const known = Object.entries(targetKinds).find(
    ([name, row]) => name === kind && isWritable && row.written !== undefined,
  );
  if (!known) {
    const forms = Object.values(targetKinds).flatMap((row) => row.written ?? []);
    const want = [...names, ...forms].join(", ");
    const fix =
      path === undefined
        ? `Name it in ${TARGETS_FILE}, or write it out.`
        : `${path} names ${names.join(", ") || "none"}.`;
    throw new UserError("target/unknown", { at: "target", got: text, want, fix });
  }
  const [, row] = known;
  const fix = `Write ${row.written!}.`;
  const refused = (got: string, want: string): UserError =>
    new UserError("target/options", { at: `target ${text}`, got, want, fix });
  const options = parts.map((part, i) => {
    const [key = "", value] = part.split(/=(.*)/s);
    if (value === undefined && kind === "adb" && i === 0) return ["serial", key] as const;
    if (value === undefined) throw refused(`without a value for ${JSON.stringify(key)}`, "NAME=VALUE for each option");
    return [key, NUMBERS.has(key) && /^-?\d+$/.test(value) ? Number(value) : value] as const;
  });
  const twice = options.find(([key], i) => options.findIndex(([other]) => other === key) < i);
  if (twice) throw refused(`with ${twice[0]} twice`, "each option once");
  const data = { kind, ...(url !== undefined && { url }), ...Object.fromEntries(options) } as unknown;
  return checkDocument(data, `target ${text}`, { schema: targetSchema, code: "target/options", want: "a target", fix });
}
