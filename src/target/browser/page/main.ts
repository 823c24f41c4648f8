/** The page: it shows what its worker does, and starts a new worker for each connection, so that nothing is left from the last one. */
import { closing } from "../protocol.js";
import type { FromWorker, Start, ToWorker } from "./messages.js";
import { say, showFacts, showModels } from "./view.js";

const RETRY_MS = 1000;
const BUSY_MS = 5000;

let worker: Worker | undefined;
let mostThreads = Infinity;
let retry: ReturnType<typeof setTimeout> | undefined;

/** The same after a reload, another one in each tab. */
const page = (sessionStorage["nestling"] ??= [...crypto.getRandomValues(new Uint8Array(16))]
  .map((byte) => byte.toString(16).padStart(2, "0"))
  .join("")) as string;

function connect(): void {
  clearTimeout(retry);
  if (document.hidden) {
    say("Waiting: this page is in the background.");
    return;
  }
  worker?.terminate();
  const mine = (worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" }));
  mine.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    if (mine === worker) heard(data);
  };
  // Out of memory, for example.
  mine.onerror = () => {
    if (mine === worker) again(RETRY_MS, "Something failed. Starting again.");
  };
  const { protocol, host } = location;
  send({
    socket: `${protocol === "https:" ? "wss:" : "ws:"}//${host}/socket?page=${page}`,
    token: location.hash.slice(1),
    runtime: new URL(document.body.dataset["runtime"]!, location.href).href,
    mostThreads,
  } satisfies Start);
}

const send = (message: ToWorker): void => worker?.postMessage(message);

function again(afterMs: number, why: string): void {
  worker?.terminate();
  worker = undefined;
  say(why);
  clearTimeout(retry);
  retry = setTimeout(connect, afterMs);
}

function heard(message: FromWorker): void {
  if ("says" in message) say(message.says);
  else if ("facts" in message) showFacts(message.facts);
  else if ("models" in message) showModels(message.models);
  else if ("closed" in message) {
    const { closed } = message;
    if (closed === closing.again) again(0, "Connecting again.");
    else if (closed === closing.busy) again(BUSY_MS, "Another page is measuring. This one waits.");
    else if (closed === closing.other)
      again(BUSY_MS, "nestling waits for the device on which it began; this is another.");
    else again(RETRY_MS, "Nothing to do. This page waits for nestling.");
  } else if (message.restart === "reload") location.reload();
  else {
    mostThreads = 1;
    again(0, "No memory for several threads. Starting again with one.");
  }
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) send("hide");
  else {
    keepAwake();
    if (!worker) connect();
  }
});

/** A phone whose screen goes dark stops the page. Only https pages may ask. */
function keepAwake(): void {
  if (!("wakeLock" in navigator)) return;
  navigator.wakeLock.request("screen").catch(() => undefined);
}

keepAwake();
connect();
