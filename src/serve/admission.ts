/** A bounded number of requests, and of bytes of their bodies: whoever comes when it is full is sent away before the body is read. */
import type { ServeLimits } from "./limits.js";
import { Refusal } from "./refusal.js";

export interface Admission {
  /** Requests that are in. */
  readonly count: number;
  /**
   * @param bytes of the body, or the most it may have
   * @returns to be called when the request is answered
   * @throws Refusal 429
   */
  enter(bytes: number): () => void;
}

const RETRY_AFTER_SECONDS = "1";

export function admission({ waiting, waitingBytes }: ServeLimits): Admission {
  let [count, held] = [0, 0];
  return {
    get count() {
      return count;
    },
    enter(bytes) {
      // A body that alone is more than all may have is let in when nothing else is.
      if (count >= waiting || (count > 0 && held + bytes > waitingBytes)) {
        throw new Refusal(429, "too many requests wait: ask again later", { "retry-after": RETRY_AFTER_SECONDS });
      }
      count++;
      held += bytes;
      return () => {
        count--;
        held -= bytes;
      };
    },
  };
}
