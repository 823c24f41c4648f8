/** Inputs by their hash, so that a stretch's parts do not send them again; the oldest make room. */
import { UserError } from "../../base/user-error.js";

export interface InputStore {
  keep(sha256: string, input: Float32Array): void;
  /** @throws UserError `target/input` where it is not kept; send it, and ask again */
  get(sha256: string): Float32Array;
}

/** @param most bytes of all inputs; the newest is kept whatever its size */
export function inputStore(most: number): InputStore {
  const kept = new Map<string, Float32Array>();
  return {
    keep(sha256, input) {
      kept.delete(sha256);
      // What arrives is a view into a message, aligned to 4 bytes only: the copy lies as an input does in any other process.
      kept.set(sha256, input.slice());
      let bytes = [...kept.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
      for (const [name, { byteLength }] of kept) {
        if (bytes <= most || name === sha256) break;
        kept.delete(name);
        bytes -= byteLength;
      }
    },
    get(sha256) {
      const input = kept.get(sha256);
      if (input) return input;
      const got = `${sha256.slice(0, 12)}…, which is not kept`;
      throw new UserError("target/input", {
        at: "input",
        got,
        want: "one that was sent before",
        fix: "Send it, then ask again.",
      });
    },
  };
}
