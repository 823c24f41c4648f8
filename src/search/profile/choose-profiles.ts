/** Which of a search's targets a latency profile is of. */
import { UserError, type Problem } from "../../base/user-error.js";
import type { SearchSpace } from "../../space/space.js";
import type { Environment } from "../../target/environment.js";
import type { LatencyProfile } from "./profile-file.js";

/** Profiles by the names of targets; undefined is a search's first target. */
export type TargetProfiles = ReadonlyMap<string | undefined, LatencyProfile>;

/** What a search's profiles must be of. */
export interface Profiled {
  readonly space: SearchSpace;
  /** Names of the targets that have a latency budget; undefined is the first one. */
  readonly timed: readonly (string | undefined)[];
  /** Name of the first target. */
  readonly first: string;
}

/**
 * @throws UserError `search/profile-space` where one is of another space, `search/profile-target` where one is of a target without a latency budget, or of
 * the same target as another
 */
export function chooseProfiles(profiles: readonly LatencyProfile[], { space, timed, first }: Profiled): TargetProfiles {
  const problems: Problem[] = [];
  const names = timed.map((target) => target ?? first);
  for (const [i, profile] of profiles.entries()) {
    const at = `profile of ${profile.target}`;
    if (profile.spaceHash !== space.hash) {
      const fix = "Profile the target with the space that is searched.";
      const want = `${space.name}, ${space.hash.slice(0, 12)}`;
      const got = `of the space ${profile.space}, ${profile.spaceHash.slice(0, 12)}`;
      throw new UserError("search/profile-space", { at, got, want, fix });
    }
    if (!names.includes(profile.target)) {
      const got = "of a target without a latency budget";
      const want = names.length === 0 ? "a latency budget" : names.join(" or ");
      problems.push({ at, got, want, fix: "Leave it out, or give that target a budget." });
    } else if (profiles.slice(0, i).some(({ target }) => target === profile.target)) {
      problems.push({ at, got: "given twice", want: "one profile of a target", fix: "Leave one out." });
    }
  }
  if (problems.length > 0) throw new UserError("search/profile-target", problems);
  return new Map(profiles.map((profile) => [timed[names.indexOf(profile.target)], profile]));
}

/** What a profile was measured with that is different now; undefined where nothing is. */
export function changedSince({ environment, target }: LatencyProfile, now: Environment): string | undefined {
  const parts = ["cpu", "onnxruntime", "executionProvider", "threads"] as const;
  const changed = parts.filter((part) => environment[part] !== now[part]);
  if (changed.length === 0) return undefined;
  const before = changed.map((part) => `${part} ${environment[part]}, now ${now[part]}`).join("; ");
  return `The profile of ${target} is of another device or runtime (${before}). It orders candidates; measuring decides.`;
}
