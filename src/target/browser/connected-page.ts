/** A page's connection: one call at a time, its answer, and what the page holds. */
import type { WebSocket } from "ws";
import { closing, pack, unpack, type CallName, type Calls, type FromPage, type PageRound } from "./protocol.js";

/** The page went away in the middle of a call. */
export class PageGone extends Error {
  /** @param leaves what the page said before it went; undefined where it said nothing */
  constructor(readonly leaves: string | undefined) {
    super(`internal: the page went away: ${leaves ?? "nothing was said"}`);
  }
}

/** What the page could not do, in its words. */
export class PageFailure extends Error {}

export interface CallOptions {
  readonly bytes?: Uint8Array;
  readonly onRound?: (round: PageRound) => void;
  /** Ends rounds after the one that runs. */
  readonly signal?: AbortSignal | undefined;
}

export interface Answer<N extends CallName> {
  readonly gives: Calls[N]["gives"];
  readonly bytes: Uint8Array;
}

export interface ConnectedPage {
  readonly isOpen: boolean;
  /** Models that it has loaded and inputs that it keeps, by their numbers and hashes. */
  readonly models: Set<number>;
  readonly inputs: Set<string>;
  /** @throws PageGone, PageFailure, or the signal's reason */
  call<N extends CallName>(call: N, asks: Calls[N]["asks"], options?: CallOptions): Promise<Answer<N>>;
  close(why: keyof typeof closing): void;
}

/** A page that answers no ping for so long is gone: a phone that sleeps closes nothing. */
const PING_MS = 5000;

/** @param onGone called once, when the connection has closed */
export function connectedPage(socket: WebSocket, onGone: (leaves: string | undefined) => void): ConnectedPage {
  let current: { id: number; settle: (message: FromPage, bytes: Uint8Array) => void; gone: () => void } | undefined;
  let nextId = 0;
  let leaves: string | undefined;
  let isAlive = true;
  const pings = setInterval(() => {
    if (!isAlive) {
      socket.terminate();
      return;
    }
    isAlive = false;
    socket.ping();
  }, PING_MS);
  socket.on("pong", () => (isAlive = true));
  // What it reports is followed by its closing.
  socket.on("error", () => socket.terminate());
  socket.on("message", (data: Buffer) => {
    isAlive = true;
    let message: FromPage;
    let bytes: Uint8Array;
    try {
      ({ header: message, bytes } = unpack<FromPage>(data));
    } catch {
      socket.terminate();
      return;
    }
    if ("leaves" in message) leaves = message.leaves;
    else if (message.id === current?.id) current.settle(message, bytes);
  });
  socket.on("close", () => {
    clearInterval(pings);
    current?.gone();
    onGone(leaves);
  });
  return {
    get isOpen() {
      return socket.readyState === socket.OPEN;
    },
    models: new Set(),
    inputs: new Set(),
    async call<N extends CallName>(
      call: N,
      asks: Calls[N]["asks"],
      { bytes, onRound, signal }: CallOptions = {},
    ): Promise<Answer<N>> {
      if (socket.readyState !== socket.OPEN) throw new PageGone(leaves);
      signal?.throwIfAborted();
      const id = nextId++;
      const stop = (): void => socket.send(pack({ stop: id }));
      signal?.addEventListener("abort", stop);
      try {
        return await new Promise<Answer<N>>((resolve, reject) => {
          current = {
            id,
            settle(message, payload) {
              if ("round" in message) onRound?.(message.round);
              else if ("error" in message) reject(new PageFailure(message.error));
              else if ("gives" in message) resolve({ gives: message.gives as Calls[N]["gives"], bytes: payload });
            },
            gone: () => reject(new PageGone(leaves)),
          };
          // eslint knows no correlation of `call` and `asks`.
          socket.send(pack({ id, call, asks } as Parameters<typeof pack>[0], bytes));
        });
      } finally {
        current = undefined;
        signal?.removeEventListener("abort", stop);
      }
    },
    close: (why) => socket.close(closing[why], why),
  };
}
