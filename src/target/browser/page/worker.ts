/** The page's worker: one connection to nestling, whose calls it answers one after the other. No network lies between two runs of a round. */
import { pack, PROTOCOL, unpack, type CallName, type FromPage, type ToPage } from "../protocol.js";
import { pageCalls, type Answer } from "./calls.js";
import type { FromWorker, Start, ToWorker } from "./messages.js";
import { RuntimeFailure } from "./runtime.js";

const post = (message: FromWorker): void => postMessage(message);
let hide: (() => void) | undefined;

onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if (data === "hide") hide?.();
  else hide = serve(data);
};

const says: Partial<Record<CallName, string>> = {
  begin: "Loading onnxruntime.",
  load: "Loading a model.",
  time: "Warming up.",
  run: "Computing outputs.",
  rounds: "Measuring. Leave the page in front.",
};

/** @returns what ends it soon, when the page is hidden */
function serve({ socket: address, token, runtime, mostThreads }: Start): () => void {
  const socket = new WebSocket(address, [PROTOCOL, token]);
  socket.binaryType = "arraybuffer";
  const send = (message: FromPage, bytes?: Uint8Array): void => socket.send(pack(message, bytes));
  const stopped = new Set<number>();
  /** Why the page leaves before its next run. */
  let reason: string | undefined;
  let isIdle = true;

  /** Closes the connection between two runs, with a word; the page comes back. */
  const leave = (why: string, last: FromWorker = { closed: 0 }): void => {
    send({ leaves: why });
    socket.onclose = () => post(last);
    socket.close();
  };
  const answers = pageCalls({
    runtime,
    mostThreads,
    stays() {
      if (reason === undefined) return true;
      leave(reason);
      return false;
    },
    reload: () => leave("it reloads", { restart: "reload" }),
    isStopped: (id) => stopped.delete(id),
    onRound: (id, round) => send({ id, round }),
    post,
  });
  const answer = async ({ id, call, asks }: Exclude<ToPage, { stop: number }>, bytes: Uint8Array): Promise<void> => {
    const text = says[call];
    if (text !== undefined) post({ says: text });
    const handle = answers[call] as (asks: unknown, bytes: Uint8Array, id: number) => Promise<Answer<CallName>>;
    try {
      const given = await handle(asks, bytes, id);
      if (given) send({ id, gives: given[0] }, given[1]);
    } catch (error) {
      if (error instanceof RuntimeFailure && error.threads > 1) {
        leave("it starts again with one thread", { restart: "one-thread" });
        return;
      }
      send({ id, error: (error as Error).message });
    }
  };
  let last: Promise<void> = Promise.resolve();
  socket.onopen = () => post({ says: "Connected." });
  socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
    const { header, bytes } = unpack<ToPage>(new Uint8Array(data));
    if ("stop" in header) return void stopped.add(header.stop);
    isIdle = false;
    last = last.then(async () => {
      await answer(header, bytes);
      isIdle = true;
    });
  };
  socket.onclose = ({ code }) => post({ closed: code });
  return () => {
    reason = "it is in the background";
    if (isIdle && socket.readyState === WebSocket.OPEN) leave(reason);
  };
}
