/**
 * A program for every rank of a job: sums random gradients over the ranks and alone, and prints how many sums differed in a bit.
 * Lengths below the number of ranks, ranks without a group and trees that are not full are among them.
 */
import process from "node:process";
import { random } from "../../dist/base/random.js";
import { openRanks } from "../../dist/ranks/open-mpi.js";
import { alone } from "../../dist/ranks/ranks.js";
import { summation } from "../../dist/ranks/sum.js";
import { shareOf } from "../../dist/ranks/tree.js";

const ranks = openRanks();
let [sums, wrong] = [0, 0];
for (const groups of [1, 2, 3, 4, 5, 7, 8, 13, 16]) {
  for (const length of [1, 2, 3, 1000, 4097]) {
    const parts = Array.from({ length: groups }, (_, group) => {
      const draw = random(1, "sum", groups, length, group);
      // Over ten orders of magnitude, so that another order of additions gives other bits.
      return Float32Array.from({ length }, () => (draw.next() - 0.5) * 10 ** (10 * draw.next() - 5));
    });
    const { first, end } = shareOf(groups, ranks.size, ranks.rank);
    const sum = summation(ranks, groups, length);
    const own = () => parts.slice(first, end).map((part) => part.slice());
    const expected = summation(alone, groups, length)(parts.map((part) => part.slice()));
    // Twice: nothing of a step may be left in the next.
    for (const got of [sum(own()).slice(), sum(own()).slice()]) {
      sums++;
      if (got.some((x, i) => !Object.is(x, expected[i]))) wrong++;
    }
  }
}
const counts = new Float64Array(ranks.size);
counts[ranks.rank] = wrong;
ranks.gather(counts, Array(ranks.size).fill(1));
const all = counts.reduce((total, count) => total + count, 0);
if (ranks.rank === 0) process.stdout.write(`${ranks.size} ranks, ${sums} sums, ${all} wrong\n`);
ranks.leave();
