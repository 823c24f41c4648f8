/** What nestling and its page say to each other over a WebSocket. Both import this: nothing here is of Node or of a browser alone. */
import type { BrowserFacts } from "../environment.js";
import type { Placement } from "../placement.js";

/** How onnxruntime-web runs models: on the CPU (`wasm`), or on the GPU. */
export type BrowserProvider = "wasm" | "webgpu";

/** What a page is to do. */
export interface Settings {
  readonly provider: BrowserProvider;
  /** 0 for all cores. */
  readonly threads: number;
}

/** What a page knows of its device. */
export interface PageFacts {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly os: string;
  readonly onnxruntime: string;
  /** That onnxruntime really has. */
  readonly threads: number;
  readonly browser: BrowserFacts;
}

/** A round of a stretch, and when it ended. */
export interface PageRound {
  readonly atMs: number;
  readonly endMs: number;
  readonly times: readonly (readonly number[])[];
}

/** The rest of a stretch: `done` rounds are known, which took `sinceMs`. */
export interface RoundsAsked {
  readonly visits: readonly { readonly model: number; readonly dims: readonly number[]; readonly input: string }[];
  readonly runs: number;
  readonly seed: string;
  readonly forMs: number;
  readonly atLeast: number;
  readonly atMost: number;
  readonly everyMs?: number | undefined;
  readonly done: number;
  readonly sinceMs: number;
}

/** What nestling asks a page for. Models, inputs and outputs are the bytes after the header. */
export interface Calls {
  begin: { asks: Settings; gives: PageFacts };
  load: { asks: { readonly model: number }; gives: Loaded };
  release: { asks: { readonly model: number }; gives: null };
  input: { asks: { readonly input: string }; gives: null };
  forget: { asks: null; gives: null };
  run: { asks: { readonly model: number; readonly dims: readonly number[] }; gives: null };
  time: { asks: TimeAsked; gives: { readonly times: readonly number[] } };
  rounds: { asks: RoundsAsked; gives: null };
  placement: { asks: null; gives: { readonly placement: Placement | null } };
}

export interface Loaded {
  readonly loadMs: number;
}

export interface TimeAsked {
  readonly model: number;
  readonly dims: readonly number[];
  readonly input: string;
  readonly runs: number;
}

export type CallName = keyof Calls;

/** A call has an id, which its answer repeats; `stop` ends rounds after the one that runs. */
export type ToPage =
  | { [N in CallName]: { readonly id: number; readonly call: N; readonly asks: Calls[N]["asks"] } }[CallName]
  | { readonly stop: number };

export type FromPage =
  | { readonly id: number; readonly gives: Calls[CallName]["gives"] }
  | { readonly id: number; readonly round: PageRound }
  | { readonly id: number; readonly error: string }
  /** It is about to close the connection and come back. */
  | { readonly leaves: string };

/** Why nestling closes a connection; the page says it. */
export const closing = {
  /** Nothing is left to do. */
  over: 4000,
  /** Another page measures. */
  busy: 4001,
  /** Another command, or other settings, follow. */
  again: 4002,
  /** It isn't the device that this measurement began on. */
  other: 4003,
} as const;

/** Name of the WebSocket's protocol; the token follows it. */
export const PROTOCOL = "nestling";

/** As bytes: the length of the header (uint32, little-endian), the header in JSON, the bytes. */
export function pack(header: ToPage | FromPage, bytes: Uint8Array = new Uint8Array()): ArrayBuffer {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const message = new Uint8Array(4 + json.length + bytes.length);
  new DataView(message.buffer).setUint32(0, json.length, true);
  message.set(json, 4);
  message.set(bytes, 4 + json.length);
  return message.buffer;
}

interface Unpacked<Header> {
  readonly header: Header;
  readonly bytes: Uint8Array;
}

/** @throws RangeError or SyntaxError where it is no message */
export function unpack<Header extends ToPage | FromPage>(message: Uint8Array): Unpacked<Header> {
  const end = 4 + new DataView(message.buffer, message.byteOffset, message.byteLength).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(message.subarray(4, end))) as Header;
  // A copy, so that floats lie at a multiple of 4.
  return { header, bytes: message.slice(end) };
}
