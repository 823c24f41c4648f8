/** The one place where a command opens the targets that its measurements are of, and closes them. */
import { UserError } from "../base/user-error.js";
import type { Differences } from "../evaluate/probe.js";
import { isAgent, openTarget } from "../target/open-target.js";
import type { Target } from "../target/target.js";
import { collect } from "./options.js";
import type { Output } from "./output.js";

/** What commands that measure say of targets. */
export interface TargetFlags extends TokenFlag {
  readonly target?: readonly string[];
}

export interface TokenFlag {
  readonly tokenFile?: string;
}

/** --target and --token-file. */
export const targetOption = [
  "--target <target>",
  "where latency is measured: local, local:threads=4, http://localhost:8473, or a name from nestling.targets.json (docs/targets.md); may be given several times",
  collect,
] as const;

export const tokenOption = ["--token-file <file>", "with the token of a target that is an agent"] as const;

/** --allow-difference, of commands that compute a child's probe on targets. */
export const differenceOption = [
  "--allow-difference",
  "measure also where a target's logits differ from the certificate's probe by more than its tolerance; results say by how much",
] as const;

export interface DifferenceFlag {
  readonly allowDifference?: boolean;
}

export const differencesOf = ({ allowDifference }: DifferenceFlag): Differences =>
  allowDifference ? "noted" : "refused";

/**
 * @param texts as --target has them; `use` gets each once, in their order
 * @param standIn for a target that others measure on
 */
export async function onTargets<T>(
  texts: readonly string[],
  { tokenFile }: TokenFlag,
  { note }: Pick<Output, "note">,
  use: (targets: readonly Target[]) => Promise<T>,
  standIn: (text: string) => Target | undefined = () => undefined,
): Promise<T> {
  let said = "";
  const onWait = (reason: string): void => {
    if (reason !== said) note(reason);
    said = reason;
  };
  if (tokenFile !== undefined && !(await Promise.all(texts.map(isAgent))).includes(true)) {
    const fix = "Name the agent with --target, or leave the token out.";
    const want = "an agent among the targets";
    throw new UserError("cli/token", { at: "--token-file", got: "given for no agent", want, fix });
  }
  const targets: Target[] = [];
  const colours = process.stderr.isTTY && process.stderr.hasColors();
  try {
    for (const text of new Set(texts)) {
      targets.push(standIn(text) ?? (await openTarget(text, { tokenFile, onWait, colours })));
    }
    return await use(targets);
  } finally {
    for (const target of targets) await target.close();
  }
}
