/** What an agent asks of a session's process, and what that answers. */
import type { ErrorCode, Problem } from "../../base/user-error.js";
import type { RoundsRequest, SessionRequest } from "./protocol.js";

/** What the process is started with. */
export interface ChildStart extends SessionRequest {
  /** The agent's process; the child ends when it is gone. */
  readonly parent: number;
  readonly memoryBytes: number;
}

export type Call =
  | { readonly kind: "load"; readonly model: number; readonly bytes: Uint8Array }
  | { readonly kind: "release"; readonly model: number }
  | { readonly kind: "input"; readonly sha256: string; readonly input: Float32Array }
  | { readonly kind: "run"; readonly model: number; readonly input: Float32Array; readonly dims: readonly number[] }
  | {
      readonly kind: "time";
      readonly model: number;
      readonly input: string;
      readonly dims: readonly number[];
      readonly runs: number;
    }
  | { readonly kind: "rounds"; readonly plan: RoundsRequest }
  | { readonly kind: "placement"; readonly bytes: Uint8Array; readonly dims: readonly number[] };

export type Answer =
  | { readonly value: unknown }
  | {
      readonly error: { readonly message: string; readonly code?: ErrorCode; readonly problems?: readonly Problem[] };
    };

/** The watchdog's last words. */
export const MEMORY_NOTE = "nestling: more memory than the limit";
