/** Asks a target's page one thing after the other; what a page was asked that went away is asked again when it is back. */
import { UserError } from "../../base/user-error.js";
import { tlsOf } from "../listen.js";
import type { BrowserTargetOptions } from "./browser-options.js";
import { PageGone, type ConnectedPage } from "./connected-page.js";
import { openDoor } from "./door.js";
import { pageLine, type PageLine } from "./page-line.js";
import type { PageFacts, Settings } from "./protocol.js";
import { queue } from "./queue.js";

export interface PageAsker {
  /** A clock in ms that stops while no page is there. */
  readonly nowMs: number;
  /** What the page knows of its device, once it has been asked. */
  readonly facts: PageFacts | undefined;
  /** @param use is repeated where the page went away, so that only what may be repeated is asked */
  ask<T>(use: (page: ConnectedPage) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Only if the page is there; that it went away is no error. */
  askPresent(use: (page: ConnectedPage) => Promise<void>): Promise<void>;
  /** Waits for no page any longer. */
  stop(): void;
  close(): Promise<void>;
}

interface Options extends Omit<BrowserTargetOptions, "provider" | "threads" | "name">, Settings {
  readonly name: string;
  /** Whether another target may have the page. */
  readonly isFree: () => boolean;
}

/** Unless the page leaves with a word, a call that has lost it so often is what it dies of. */
const MOST_LOSSES = 3;
/** Waits may be long, for a person with a phone. */
const AWAY_MS = 300_000;

export function pageAsker(options: Options): PageAsker {
  const { name, provider, threads, host = "127.0.0.1", port = 8474, awayMs = AWAY_MS, onLink, isFree } = options;
  const { onWait = () => undefined } = options;
  const inTurn = queue();
  let opening: Promise<{ line: PageLine; leave: () => void }> | undefined;
  let line: PageLine | undefined;
  let isStopped = false;
  const yieldIfFree = (): void => {
    if (isFree()) line?.yieldPage();
  };
  const open = async () => {
    const { door, leave } = await openDoor(host, port, await tlsOf(options, "the page", "docs/browser.md"));
    onLink(door.link);
    const onWanted = (): void => void inTurn(async () => yieldIfFree());
    line = pageLine(door, { name, settings: { provider, threads }, awayMs, onWait, onWanted });
    if (isStopped) line.stop();
    return { line, leave };
  };
  return {
    get nowMs() {
      return line?.nowMs ?? 0;
    },
    get facts() {
      return line?.facts;
    },
    ask: (use, signal) =>
      inTurn(async () => {
        // A failure isn't kept: the address may be free the next time.
        const opened = await (opening ??= open().catch((error: unknown) => {
          opening = undefined;
          throw error;
        }));
        for (let losses = 0; ;) {
          const page = await opened.line.page(signal);
          try {
            return await use(page);
          } catch (error) {
            if (!(error instanceof PageGone)) throw error;
            if (error.leaves === undefined && ++losses === MOST_LOSSES) throw died(name);
          } finally {
            yieldIfFree();
          }
        }
      }),
    askPresent: (use) =>
      inTurn(async () => {
        const page = line?.present;
        await (page && use(page))?.catch((error: unknown) => {
          if (!(error instanceof PageGone)) throw error;
        });
        yieldIfFree();
      }),
    stop() {
      isStopped = true;
      line?.stop();
    },
    async close() {
      const opened = await opening?.catch(() => undefined);
      opened?.line.close();
      opened?.leave();
    },
  };
}

const died = (name: string): UserError =>
  new UserError("target/away", {
    at: name,
    got: `gone ${MOST_LOSSES} times while it did the same`,
    want: "a page that stays",
    fix: "The model may need more memory than the page has: try a smaller one, or another device.",
  });
