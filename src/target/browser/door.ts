/**
 * The server of a host and port, for all targets of this process that ask for it: a page that comes is given to the target that waits, and
 * from one that needs it no longer to the next.
 */
import type { WebSocket } from "ws";
import type { ServerOptions } from "node:https";
import { ownToken } from "../agent/token.js";
import { pageFiles } from "./page-files.js";
import { pageLink, type PageLink } from "./page-link.js";
import { pageServer } from "./page-server.js";
import { closing } from "./protocol.js";

/** A target at the door. */
export interface Guest {
  /** Takes the page's connection. */
  onPage(socket: WebSocket): void;
  /** Another one waits: ends the connection soon, with `again`. */
  onWanted(): void;
}

export interface Door {
  readonly link: PageLink;
  /** Whether another target waits for a page. */
  readonly isWanted: boolean;
  /** The guest gets the next page. */
  wait(guest: Guest): void;
  /** It doesn't need one any longer. */
  leave(guest: Guest): void;
}

interface Shared {
  readonly door: Promise<Door & { close(): void }>;
  guests: number;
}

const doors = new Map<string, Shared>();

/** Opens the door, or shares it; the last that leaves closes it. */
export async function openDoor(
  host: string,
  port: number,
  tls?: ServerOptions,
): Promise<{ readonly door: Door; readonly leave: () => void }> {
  const key = `${tls !== undefined} ${host}:${port}`;
  const shared: Shared = doors.get(key) ?? { door: doorAt(host, port, tls), guests: 0 };
  doors.set(key, shared);
  shared.guests++;
  let isOpen = true;
  const leave = (): void => {
    if (!isOpen) return;
    isOpen = false;
    if (--shared.guests > 0) return;
    doors.delete(key);
    void shared.door.then((door) => door.close());
  };
  try {
    return { door: await shared.door, leave };
  } catch (error) {
    doors.delete(key);
    throw error;
  }
}

async function doorAt(host: string, port: number, tls?: ServerOptions): Promise<Door & { close(): void }> {
  const { token } = await ownToken("browser-token");
  const waiting: Guest[] = [];
  let current: { socket: WebSocket; page: string; guest: Guest } | undefined;
  /** A page that nobody waits for yet. */
  let idle: { socket: WebSocket; page: string } | undefined;
  const give = (): void => {
    const [guest] = waiting;
    if (guest === undefined) return;
    if (current) {
      current.guest.onWanted();
      return;
    }
    if (!idle) return;
    waiting.shift();
    current = { ...idle, guest };
    idle = undefined;
    guest.onPage(current.socket);
  };
  const server = await pageServer({
    files: await pageFiles(),
    ...{ token, tls, host, port },
    onPage(socket, page) {
      // A page that reloaded may be back before its last connection is known to be dead.
      if (current?.page === page) current.socket.terminate();
      else if (current) {
        socket.close(closing.busy, "busy");
        return;
      }
      idle?.socket.close(closing.busy, "busy");
      const mine = (idle = { socket, page });
      socket.on("close", () => {
        if (idle === mine) idle = undefined;
        if (current?.socket === socket) current = undefined;
      });
      give();
    },
  });
  return {
    link: await pageLink(host, server.port, token, tls !== undefined),
    get isWanted() {
      return waiting.length > 0;
    },
    wait(guest) {
      if (current?.guest === guest || waiting.includes(guest)) return;
      waiting.push(guest);
      give();
    },
    leave(guest) {
      const at = waiting.indexOf(guest);
      if (at >= 0) waiting.splice(at, 1);
    },
    close: () => server.close(),
  };
}
