/** A target's line to its page: waits for one, begins it, waits for it again when it went away, and refuses another device. */
import type { WebSocket } from "ws";
import { UserError } from "../../base/user-error.js";
import { connectedPage, PageFailure, type ConnectedPage } from "./connected-page.js";
import type { Door, Guest } from "./door.js";
import type { PageFacts, Settings } from "./protocol.js";

export interface PageLine {
  /** A clock in ms that stops while no page is there. */
  readonly nowMs: number;
  /** What the page knows of its device, once one has been there. */
  readonly facts: PageFacts | undefined;
  /** The page, when it is there. @throws UserError `target/away`, `target/browser`, or the signal's reason */
  page(signal?: AbortSignal): Promise<ConnectedPage>;
  /** The page, if it is there now. */
  readonly present: ConnectedPage | undefined;
  /** Lets another target have the page, where one waits. */
  yieldPage(): void;
  /** Waits for no page any longer. */
  stop(): void;
  close(): void;
}

export interface LineOptions {
  readonly name: string;
  readonly settings: Settings;
  readonly awayMs: number;
  readonly onWait: (reason: string) => void;
  /** Another target waits for the page. */
  readonly onWanted: () => void;
}

export function pageLine(door: Door, { name, settings, awayMs, onWait, onWanted }: LineOptions): PageLine {
  let page: ConnectedPage | undefined;
  let facts: PageFacts | undefined;
  let failure: unknown;
  let isStopped = false;
  const waiters = new Set<() => void>();
  const wake = (): void => {
    for (const waiter of waiters) waiter();
  };
  let [goneMs, goneAt]: [number, number | undefined] = [0, performance.now()];

  const begin = async (at: ConnectedPage): Promise<void> => {
    const { gives } = await at.call("begin", settings);
    const isOther = facts && deviceOf(facts) !== deviceOf(gives);
    if (isOther) onWait(`${name}: ${gives.browser.name} on ${gives.os} isn't the device that it began on`);
    if (isOther || isStopped) {
      at.close(isOther ? "other" : "over");
      return;
    }
    facts = gives;
    goneMs += goneAt === undefined ? 0 : performance.now() - goneAt;
    goneAt = undefined;
    page = at;
    wake();
  };
  const guest: Guest = {
    onPage(socket: WebSocket) {
      const at = connectedPage(socket, () => {
        if (page === at) {
          page = undefined;
          goneAt = performance.now();
        }
        wake();
        if (waiters.size > 0 && !isStopped) door.wait(guest);
      });
      begin(at).catch((error: unknown) => {
        // What it can't do now it can't do later; one that went away comes back.
        if (error instanceof PageFailure) failure = cannot(name, error.message);
        at.close("over");
        wake();
      });
    },
    onWanted,
  };

  return {
    get nowMs() {
      const now = performance.now();
      return now - goneMs - (goneAt === undefined ? 0 : now - goneAt);
    },
    get facts() {
      return facts;
    },
    get present() {
      return page?.isOpen === true ? page : undefined;
    },
    async page(signal) {
      const since = performance.now();
      let isSaid = false;
      for (;;) {
        if (isStopped) throw new Error(`internal: target ${name} is closed`);
        if (failure !== undefined) throw failure as Error;
        if (page?.isOpen === true) {
          if (isSaid) onWait(`${name}: the page is there`);
          return page;
        }
        const leftMs = awayMs - (performance.now() - since);
        if (leftMs <= 0) throw away(name, awayMs);
        door.wait(guest);
        await change(waiters, isSaid ? leftMs : Math.min(leftMs, SAID_AFTER_MS), signal);
        if (!isSaid && performance.now() - since >= SAID_AFTER_MS) {
          isSaid = true;
          onWait(`${name}: waiting for ${facts ? `the page on ${facts.browser.name} to come back` : "a page"}`);
        }
      }
    },
    yieldPage() {
      if (!door.isWanted || !page) return;
      page.close("again");
      page = undefined;
      goneAt = performance.now();
    },
    stop() {
      isStopped = true;
      door.leave(guest);
      wake();
    },
    close() {
      page?.close("over");
      page = undefined;
    },
  };
}

/** A page that reloads is back sooner. */
const SAID_AFTER_MS = 5000;

/** Ends when something has changed, the time is over, or the signal says so. @throws the signal's reason */
function change(waiters: Set<() => void>, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      waiters.delete(end);
      signal?.removeEventListener("abort", end);
      if (signal?.aborted === true) reject(signal.reason as Error);
      else resolve();
    };
    const timer = setTimeout(end, ms);
    waiters.add(end);
    signal?.addEventListener("abort", end);
    if (signal?.aborted === true) end();
  });
}

/** What times depend on: the clock's resolution is measured, and differs by little. */
const deviceOf = ({ browser: { clockMs: _, ...browser }, ...facts }: PageFacts): string =>
  JSON.stringify([facts, browser]);

const away = (name: string, awayMs: number): UserError =>
  new UserError("target/away", {
    at: name,
    got: `without a page for ${Math.round(awayMs / 1000)} s`,
    want: "the page open, and in front",
    fix: "Open the link on the device, and start the command again; a search resumes with --resume.",
  });

const cannot = (name: string, what: string): UserError =>
  new UserError("target/browser", {
    at: name,
    got: `refused by the page (${what})`,
    want: "a browser that can run it",
    fix: "docs/browser.md says what each provider needs: WebGPU a newer browser and https, several threads https.",
  });
