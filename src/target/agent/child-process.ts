/** The agent's side of a session's process: one call at a time, each within its limit. */
import { fork } from "node:child_process";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { UserError, type Problem } from "../../base/user-error.js";
import { runFailed } from "../run-failed.js";
import { MEMORY_NOTE, type Answer, type Call, type ChildStart } from "./child-calls.js";
import { HttpError } from "./http-error.js";
import type { AgentLimits } from "./limits.js";
import type { SessionRequest } from "./protocol.js";

export interface Child {
  /** @throws HttpError 422 where the model or the call is at fault, which the child survives unless `ended` resolves */
  call(call: Call): Promise<unknown>;
  /** Resolves once the process is gone, with the reason unless it was `end`. */
  readonly ended: Promise<UserError | undefined>;
  end(): void;
}

/** Calls that wait for the one before. */
const MOST_WAITING = 256;
const KEPT_OF_STDERR = 2000;
const over: Answer = { error: { message: "the session was ended" } };

/** Nothing of the agent's environment but what finds libraries (onnxruntime may lie in the user's data folder), devices and the folder for short-lived files. */
const passedOn = [
  ...["PATH", "LD_LIBRARY_PATH", "SystemRoot", "TMPDIR", "TEMP", "HOME", "XDG_DATA_HOME"],
  ...["CUDA_VISIBLE_DEVICES", "VK_ICD_FILENAMES", "VK_DRIVER_FILES"],
];

export function startChild(wanted: SessionRequest, limits: AgentLimits): Child {
  const { memoryBytes, callMs } = limits;
  const start: ChildStart = { ...wanted, parent: process.pid, memoryBytes };
  const script = createRequire(import.meta.url).resolve("#agent-child");
  const child = fork(script, [JSON.stringify(start)], {
    serialization: "advanced",
    execArgv: [],
    env: Object.fromEntries(passedOn.map((name) => [name, process.env[name]])),
    cwd: tmpdir(),
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let stderr = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (stderr = (stderr + text).slice(-KEPT_OF_STDERR)));
  let reason: UserError | undefined;
  let [isAsked, isGone] = [false, false];
  const end = (why?: UserError): void => {
    isAsked = true;
    reason ??= why;
    child.kill("SIGKILL");
  };
  let settle: ((answer: Answer) => void) | undefined;
  const ended = new Promise<UserError | undefined>((resolve) => {
    const gone = (code: number | null, signal: string | null): void => {
      if (isGone) return;
      isGone = true;
      if (!isAsked) reason = reasonOf(code, signal, stderr, limits);
      settle?.(over);
      resolve(reason);
    };
    // After its streams, since the watchdog's last words are among them.
    child.on("close", gone);
    child.on("error", () => gone(null, null));
  });
  child.on("message", (answer: Answer) => settle?.(answer));

  const next = (timeMs: number): Promise<Answer> =>
    new Promise((resolve) => {
      const late = setTimeout(() => end(tookTooLong(timeMs)), timeMs);
      settle = (answer) => {
        clearTimeout(late);
        settle = undefined;
        resolve(answer);
      };
    });
  /** The last call, after which the next one begins; at first the process's start. */
  let before: Promise<unknown> = next(callMs);
  let waiting = 0;
  const oneCall = async (call: Call): Promise<unknown> => {
    const answered = next(callMs);
    if (isGone) settle!(over);
    // A failure to send is the process's end, which "close" reports.
    else child.send(call, () => undefined);
    const answer = await answered;
    if ("value" in answer) return answer.value;
    if (isGone && reason) throw new HttpError(422, reason);
    throw callFailed(answer);
  };
  return {
    async call(call) {
      if (waiting >= MOST_WAITING) throw busy();
      waiting++;
      const mine = before.then(() => oneCall(call));
      before = mine.catch(() => undefined);
      try {
        return await mine;
      } finally {
        waiting--;
      }
    },
    ended,
    end: () => end(),
  };
}

function callFailed(answer: Answer): HttpError {
  const { code, message, problems } = (answer as Extract<Answer, { error: object }>).error;
  if (code && problems) return new HttpError(422, new UserError(code, problems));
  return new HttpError(422, runFailed(new Error(message)));
}

function reasonOf(code: number | null, signal: string | null, stderr: string, limits: AgentLimits): UserError {
  const gib = (limits.memoryBytes / 2 ** 30).toPrecision(2);
  if (stderr.includes(MEMORY_NOTE)) {
    return ended(`ended: the model needs more than ${gib} GiB`, "a model that fits into the agent's memory limit");
  }
  const how = signal ?? (code === null ? "it can't be started" : `exit code ${code}`);
  const last = stderr.trim().split("\n").at(-1)?.slice(0, 200) ?? "";
  return ended(
    `ended: its process crashed (${how}${last === "" ? "" : `: ${last}`})`,
    "a model that onnxruntime survives",
  );
}

const tookTooLong = (timeMs: number): UserError =>
  ended(`ended: a call took longer than ${timeMs / 1000} s`, "a model that ends in time");

const ended = (got: string, want: string): UserError => new UserError("target/ended", endedProblem(got, want));
const endedProblem = (got: string, want: string): Problem => ({
  at: "the session on the agent",
  got,
  want,
  fix: "The agent is alive: try another model, or a device with more memory.",
});

const busy = (): HttpError =>
  new HttpError(
    429,
    new UserError("target/busy", {
      at: "the agent",
      got: "busy",
      want: `at most ${MOST_WAITING} calls that wait`,
      fix: "Ask again later.",
    }),
    { "retry-after": "1" },
  );
