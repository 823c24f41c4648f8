/** So many a minute, and no more. */
import { UserError } from "../../base/user-error.js";
import { HttpError } from "./http-error.js";

const MINUTE_MS = 60_000;

/** @returns counts one; throws HttpError 429, with the time to wait, where it would be too many */
export function perMinute(most: number, now: () => number = () => performance.now()): () => void {
  let times: number[] = [];
  return () => {
    times = times.filter((time) => now() - time < MINUTE_MS);
    if (times.length < most) {
      times.push(now());
      return;
    }
    const seconds = Math.max(1, Math.ceil((times[0]! + MINUTE_MS - now()) / 1000));
    const mistake = new UserError("target/limits", {
      at: "the agent",
      got: "asked for too many models",
      want: `at most ${most} a minute`,
      fix: `Ask again in ${seconds} s.`,
    });
    throw new HttpError(429, mistake, { "retry-after": `${seconds}` });
  };
}
