// From rounds to a table: images/s by the median and the best round, and ratios to PyTorch in the same run.
import { median } from "../results.mjs";
import { netOf } from "./net.mjs";

/** Takes ratios within a round, so that whatever slows a whole round slows both. */
const ratioOf = (mine, theirs) => median(mine.ms.map((ms, round) => theirs.ms[round] / ms));
const ratioOfBest = (mine, theirs) => Math.min(...theirs.ms) / Math.min(...mine.ms);

export function summarize(net, requests, memory) {
  const { batch } = netOf(net);
  const find = (name, measure, threads) =>
    requests.find((r) => r.contender.name === name && r.measure === measure && r.threads === threads);
  const rows = requests.map((request) => {
    const { contender, measure, threads, ms } = request;
    const baseline =
      find("torch", measure, threads) ?? find("wasm", measure, threads) ?? requests.find((r) => r.measure === measure);
    return {
      contender: contender.name,
      measure,
      threads,
      imagesPerSecond: (batch * 1000) / median(ms),
      best: (batch * 1000) / Math.min(...ms),
      ratio: ratioOf(request, baseline),
      ratioOfBest: ratioOfBest(request, baseline),
      baseline: baseline.contender.name,
      ...(memory[`${contender.name} ${measure}`] && threads === 2
        ? { peakGb: memory[`${contender.name} ${measure}`] / 2 ** 30 }
        : {}),
    };
  });
  const derived = [];
  for (const name of new Set(requests.map(({ contender }) => contender.name))) {
    for (const [measure, threads] of [
      ["sliced", 2],
      ["masked", 2],
    ]) {
      const [two, one] = [find(name, measure, threads), find(name, measure, 1)];
      if (two && one)
        derived.push({ contender: name, what: `${measure}: two threads / one`, ratio: ratioOf(two, one) });
    }
    const [masked, biggest] = [find(name, "masked", 2), find(name, "biggest", 2)];
    if (masked && biggest) {
      const ratio = median(masked.ms.map((ms, round) => ms / (4 * biggest.ms[round])));
      derived.push({ contender: name, what: "masked step / 4 × forward + backward of the biggest", ratio });
    }
  }
  return { rows, derived };
}

export function printTable({ rows, derived }) {
  const cells = rows.map((row) => [
    row.measure,
    `${row.threads}`,
    row.contender,
    row.imagesPerSecond.toFixed(0),
    row.best.toFixed(0),
    `${row.ratio.toFixed(3)} × ${row.baseline}`,
    row.ratioOfBest.toFixed(3),
    row.peakGb ? row.peakGb.toFixed(2) : "",
  ]);
  cells.sort((a, b) => a[0].localeCompare(b[0]) || b[1].localeCompare(a[1]));
  const header = ["measure", "threads", "contender", "images/s", "best", "ratio", "ratio of best", "peak GB"];
  const widths = header.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i].length)));
  for (const row of [header, ...cells]) console.log(row.map((cell, i) => cell.padEnd(widths[i])).join("  "));
  for (const { contender, what, ratio } of derived) console.log(`${contender}: ${what} = ${ratio.toFixed(3)}`);
}
