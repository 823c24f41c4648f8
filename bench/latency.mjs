/**
 * Does a latency repeat? Sessions of `nestling bench` spread over a long time, each in a process of its own, for part of the time beside a
 * process that loads one core; after each a naive loop and onnxruntime_perf_test's method on the same files. For every method: what 95 % of
 * all pairs of sessions differ by, and how often the printed interval contains the other session's figure. The machine's profile begins
 * empty, in a cache of the bench's own: a few sessions come before those that count, and the same is said of all.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { compiler, biggest, openRun, sample, smallest, random } from "../dist/index.js";
import { planOf } from "../dist/search/plan.js";
import { coverage, differences } from "./latency/pairs.mjs";
import { appendResult } from "./results.mjs";

const root = join(import.meta.dirname, "..");
const options = {
  run: { type: "string", default: "runs/quickstart" },
  sessions: { type: "string", default: "20" },
  /** Sessions before those that count, after which the machine's profile knows something. */
  before: { type: "string", default: "4" },
  minutes: { type: "string", default: "60" },
  seconds: { type: "string", default: "25" },
  /** Where files and raw rounds are kept. */
  keep: { type: "string" },
};

export async function bench(args) {
  const { values } = parseArgs({ args, options });
  const [sessions, before, minutes, seconds] = [values.sessions, values.before, values.minutes, values.seconds].map(
    Number,
  );
  const folder = values.keep ?? mkdtempSync(join(tmpdir(), "nestling-latency-"));
  mkdirSync(folder, { recursive: true });
  const children = await childrenOf(values.run, folder);
  const began = performance.now();
  const rows = [];
  for (let session = 0; session < before + sessions; session++) {
    await sleep(began + (session * minutes * 60_000) / (before + sessions) - performance.now());
    const loaded = session % 3 === 2;
    const load = loaded ? spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" }) : undefined;
    try {
      rows.push({
        loaded,
        ...measure(children, seconds, { folder, samples: join(folder, `session-${session}.jsonl`) }),
      });
    } finally {
      load?.kill();
    }
    const { ours, naive, perfTest } = rows.at(-1);
    const shown = children.map(
      ({ name }, i) =>
        `${name} ${ours[i].undisturbedMs.toFixed(4)} ± ${(100 * ours[i].repeatability).toFixed(1)} % (p50 ${ours[i].p50Ms.toFixed(4)}, naive ${naive[i].toFixed(4)}, perf_test ${perfTest[i].toFixed(4)})`,
    );
    console.error(`${session + 1 - before}/${sessions}${loaded ? " loaded" : ""}: ${shown.join("; ")}`);
    writeFileSync(join(folder, "sessions.json"), JSON.stringify(rows));
  }
  for (const [i, { name, macs }] of children.entries()) {
    const counted = rows.slice(before);
    const row = {
      name,
      macs,
      sessions,
      before,
      minutes,
      seconds,
      loadedSessions: counted.filter(({ loaded }) => loaded).length,
    };
    const ours = (of, figure) => of.map((it) => figure(it.ours[i]));
    const undisturbed = ({ undisturbedMs }) => undisturbedMs;
    const printed = ({ undisturbedMs, intervalMs }) => ({ figure: undisturbedMs, interval: intervalMs });
    const figures = {
      undisturbed: differences(ours(counted, undisturbed)),
      asMeasured: differences(ours(counted, ({ undisturbedMs, scale }) => undisturbedMs / scale)),
      p50: differences(ours(counted, ({ p50Ms }) => p50Ms)),
      naive: differences(counted.map(({ naive }) => naive[i])),
      perfTest: differences(counted.map(({ perfTest }) => perfTest[i])),
      coverage: coverage(ours(counted, printed)),
      withBefore: { undisturbed: differences(ours(rows, undisturbed)), coverage: coverage(ours(rows, printed)) },
    };
    console.log(`${name}, ${(macs / 1e6).toFixed(2)} M MACs: 95 % of pairs differ by at most`);
    for (const method of ["undisturbed", "asMeasured", "p50", "naive", "perfTest"]) {
      console.log(`  ${method.padEnd(12)} ${(100 * figures[method]).toFixed(1)} %`);
    }
    console.log(
      `  the printed interval contains the other session's figure in ${(100 * figures.coverage).toFixed(0)} % of pairs; ` +
        `with the ${before} sessions before, ${(100 * figures.withBefore.undisturbed).toFixed(1)} % and ${(100 * figures.withBefore.coverage).toFixed(0)} %`,
    );
    const raw = rows.map(({ loaded, ours, naive, perfTest }) => {
      const { undisturbedMs, repeatability, p50Ms, rounds, anchorMs, anchorSpread, scale, profileSessions } = ours[i];
      const session = { undisturbedMs, repeatability, p50Ms, rounds, anchorMs, anchorSpread, scale, profileSessions };
      return { loaded, ...session, naiveMs: naive[i], perfTestMs: perfTest[i] };
    });
    appendResult({ bench: "latency", ...row, ...figures, raw });
  }
}

/** Smallest, one of about 2.3 M MACs, and biggest, as files. */
async function childrenOf(folder, out) {
  const run = await openRun(folder);
  const { space } = run.supernet;
  const drawn = Array.from({ length: 500 }, (_, i) => sample(space, random(i, "bench-latency")));
  const distance = (architecture) => Math.abs(Math.log(planOf(run.supernet, architecture).macs / 2.3e6));
  const middle = drawn.map((it) => [distance(it), it]).sort(([a], [b]) => a - b)[0][1];
  const { compile } = compiler(run, { recalibrationImages: 200 });
  const children = [];
  for (const [name, architecture] of Object.entries({ smallest: smallest(space), middle, biggest: biggest(space) })) {
    const { bytes, macs } = await compile(architecture);
    const path = join(out, `${name}.onnx`);
    writeFileSync(path, bytes);
    children.push({ name, path, macs });
  }
  return children;
}

/** One session of each method; processes of their own, as users start them. */
function measure(children, seconds, { folder, samples }) {
  const paths = children.map(({ path }) => path);
  const node = (...args) =>
    JSON.parse(
      execFileSync(process.execPath, args, {
        cwd: root,
        env: { ...process.env, XDG_CACHE_HOME: join(folder, "cache") },
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
        maxBuffer: 1 << 26,
      }),
    );
  const { results } = node(
    "dist/cli/main.js",
    "bench",
    ...paths,
    "--seconds",
    `${seconds}`,
    "--samples",
    samples,
    "--json",
  );
  return { ours: results, ...node("bench/latency/usual-methods.mjs", ...paths) };
}
