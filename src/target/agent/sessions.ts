/**
 * The queue of an agent: one session has the device, the others wait in order. A session ends when its caller says so, when it asks for
 * nothing for a while, or when its process does; then the next one begins.
 */
import { UserError } from "../../base/user-error.js";
import { startChild, type Child } from "./child-process.js";
import { HttpError } from "./http-error.js";
import type { AgentLimits } from "./limits.js";
import type { QueueState, SessionRequest, SessionState } from "./protocol.js";

export interface Sessions {
  /** Begins or queues it; the same id again does nothing. @throws HttpError 429 when too many wait, 410 for one that has ended */
  open(id: string, wanted: SessionRequest): void;
  /** Resolves when the session has the device, at the latest after `waitMs`. @throws HttpError 404, 410 */
  state(id: string, waitMs: number): Promise<SessionState>;
  /** Uses the process of the session that has the device, which isn't idle meanwhile. @throws HttpError 404, 409, 410 */
  use<T>(id: string, use: (child: Child) => Promise<T>): Promise<T>;
  /**
   * The session has asked for something whose body is still to come: it isn't idle meanwhile, however slow its network is.
   * @returns to be called when the request is answered
   * @throws as `use`
   */
  refuseOthers(id: string): () => void;
  end(id: string): void;
  queue(): QueueState;
  /** How the last sessions ended, newest first. */
  history(): readonly Ended[];
  close(): Promise<void>;
}

export interface Ended {
  readonly id: string;
  readonly how: "done" | "idle" | "failed";
  readonly reason?: UserError | undefined;
  readonly seconds: number;
  readonly at: Date;
}

interface Session {
  readonly id: string;
  readonly wanted: SessionRequest;
  readonly began: number;
  lastMs: number;
  inUse: number;
  child?: Child;
}

const KEPT = 50;

export function sessions(limits: AgentLimits): Sessions {
  /** The first has the device. */
  let queue: Session[] = [];
  const ended: Ended[] = [];
  const running = new Set<Promise<unknown>>();
  let wakers: (() => void)[] = [];
  const now = (): number => performance.now();

  const advance = (): void => {
    const [first] = queue;
    // The device is one process's alone: the next begins when the one before is gone.
    if (!first || first.child || running.size > 0) return;
    const child = startChild(first.wanted, limits);
    first.child = child;
    first.lastMs = now();
    const gone = child.ended.then((reason) => {
      running.delete(gone);
      remove(first, "failed", reason);
      advance();
    });
    running.add(gone);
    for (const wake of wakers.splice(0)) wake();
  };
  const remove = (session: Session, how: Ended["how"], reason?: UserError): void => {
    if (!queue.includes(session)) return;
    queue = queue.filter((one) => one !== session);
    const seconds = (now() - session.began) / 1000;
    ended.unshift({ id: session.id, how, reason, seconds, at: new Date() });
    ended.length = Math.min(ended.length, KEPT);
    session.child?.end();
    for (const wake of wakers.splice(0)) wake();
    advance();
  };
  const sweep = setInterval(
    () => {
      for (const session of [...queue]) {
        if (session.inUse === 0 && now() - session.lastMs > limits.idleMs) remove(session, "idle", idle(limits));
      }
    },
    Math.min(1000, limits.idleMs / 4),
  );
  sweep.unref();

  const find = (id: string): Session => {
    const session = queue.find((one) => one.id === id);
    if (!session) throw gone(ended.find((one) => one.id === id));
    return session;
  };
  const childOf = (id: string): Child => {
    const { child } = find(id);
    if (!child) throw notYet();
    return child;
  };
  const occupy = (id: string): (() => void) => {
    const session = find(id);
    session.inUse++;
    return () => {
      session.inUse--;
      session.lastMs = now();
    };
  };
  const during = async <T>(id: string, use: () => Promise<T>): Promise<T> => {
    const leave = occupy(id);
    try {
      return await use();
    } finally {
      leave();
    }
  };
  return {
    open(id, wanted) {
      if (queue.some((one) => one.id === id)) return;
      const before = ended.find((one) => one.id === id);
      if (before) throw gone(before);
      if (queue.length > limits.waiting) throw full(limits.waiting);
      queue.push({ id, wanted, began: now(), lastMs: now(), inUse: 0 });
      advance();
    },
    state: (id, waitMs) =>
      during(id, async () => {
        const until = now() + waitMs;
        while (!find(id).child && now() < until) await nextChange(until - now());
        const ahead = queue.indexOf(find(id));
        return { state: find(id).child ? "active" : "waiting", ahead };
      }),
    use: (id, use) => during(id, () => use(childOf(id))),
    refuseOthers(id) {
      childOf(id);
      return occupy(id);
    },
    end(id) {
      const session = queue.find((one) => one.id === id);
      if (session) remove(session, "done");
    },
    queue() {
      const shown = ({ id, began }: Session) => ({ id, seconds: Math.round((now() - began) / 1000) });
      const [first, ...others] = queue.map(shown);
      return { active: first ?? null, waiting: others };
    },
    history: () => ended,
    async close() {
      clearInterval(sweep);
      const children = queue.map(({ child }) => child);
      queue = [];
      for (const child of children) child?.end();
      await Promise.all(running);
    },
  };

  function nextChange(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, withinMs);
      function done(): void {
        clearTimeout(timer);
        wakers = wakers.filter((waker) => waker !== done);
        resolve();
      }
      wakers.push(done);
    });
  }
}

const sessionError = (status: number, got: string, fix: string): HttpError =>
  new HttpError(
    status,
    new UserError("target/session", { at: "the session on the agent", got, want: "one that has the device", fix }),
  );

function gone(session: Ended | undefined): HttpError {
  if (!session) {
    return sessionError(
      404,
      "unknown",
      "The agent was started again since, or the session ended long ago: measure again.",
    );
  }
  if (session.reason) return new HttpError(410, session.reason);
  return sessionError(410, "over", "Begin another one.");
}

const notYet = (): HttpError => sessionError(409, "waiting", "Wait until those before it are done.");

const idle = ({ idleMs }: AgentLimits): UserError =>
  new UserError("target/session", {
    at: "the session on the agent",
    got: "over: it asked for nothing",
    want: `a request every ${idleMs / 1000} s`,
    fix: "Measure again; a session that is not used makes room for the next.",
  });

const full = (most: number): HttpError =>
  new HttpError(
    429,
    new UserError("target/busy", {
      at: "the agent's queue",
      got: "full",
      want: `at most ${most} sessions that wait`,
      fix: "Ask again later.",
    }),
    { "retry-after": "5" },
  );
