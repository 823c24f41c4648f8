import fc from "fast-check";
import { expect, test } from "vitest";
import { permutation, random } from "../../../src/base/random.js";
import { cholesky, dot, matrixOf } from "../../../src/search/cholesky.js";
import { planOf } from "../../../src/search/plan.js";
import { designOf, mostTelling } from "../../../src/search/profile/design.js";
import { biggest, idOf, smallest, type Architecture, type SearchSpace } from "../../../src/space/space.js";
import { loadSpace, parseSpace } from "../../../src/supernet/spaces.js";
import { buildSupernet } from "../../../src/supernet/supernet.js";

const fashion = await loadSpace("fashion");
const layersIn = (space: SearchSpace) => {
  const supernet = buildSupernet(space);
  return (architecture: Architecture) => planOf(supernet, architecture).layers;
};
const design = (space: SearchSpace, children: number, seed = 0) => {
  const { fitted, heldOut } = designOf(space, layersIn(space), { children, seed });
  const ids = (all: readonly Architecture[]): string[] => all.map((one) => idOf(space, one));
  return { fitted: ids(fitted), heldOut: ids(heldOut) };
};
/** log det of the information of these rows. */
const information = (rows: readonly Float64Array[], chosen: readonly number[]): number => {
  const width = rows[0]!.length;
  const matrix = matrixOf(width, width, (j, k) =>
    chosen.reduce((sum, i) => sum + rows[i]![j]! * rows[i]![k]!, j === k ? 1e-3 : 0),
  );
  return cholesky(matrix).reduce((sum, row, k) => sum + 2 * Math.log(row[k]!), 0);
};

test("chosen rows tell more than random ones, whatever the rows are", () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 2, max: 8 }), (seed, width) => {
      const draw = random("rows", seed);
      const rows = Array.from({ length: 60 }, () => Float64Array.from({ length: width }, () => draw.next() ** 3));
      const chosen = mostTelling(rows, 12);
      expect(new Set(chosen).size).toBe(12);
      const atRandom = Array.from({ length: 20 }, (_, i) => [
        ...permutation(60, random("random", seed, i)).subarray(0, 12),
      ]);
      for (const others of atRandom) expect(information(rows, chosen)).toBeGreaterThan(information(rows, others));
    }),
    { numRuns: 30 },
  );
});

test("each row is the one that raises the determinant most", () => {
  const draw = random("greedy");
  const rows = Array.from({ length: 25 }, () => Float64Array.from({ length: 4 }, () => draw.next()));
  const chosen = mostTelling(rows, 10);
  const prior = (1e-3 * rows.reduce((sum, row) => sum + dot(row, row), 0)) / (25 * 4);
  const logDet = (of: readonly number[]): number =>
    cholesky(
      matrixOf(4, 4, (j, k) => of.reduce((sum, i) => sum + rows[i]![j]! * rows[i]![k]!, j === k ? prior : 0)),
    ).reduce((sum, row, k) => sum + 2 * Math.log(row[k]!), 0);
  for (const [at, next] of chosen.entries()) {
    const before = chosen.slice(0, at);
    for (const i of rows.keys()) {
      if (!before.includes(i)) expect(logDet([...before, i])).toBeLessThanOrEqual(logDet([...before, next]) + 1e-9);
    }
  }
});

test("both ends are fitted to; the held-out children are others, and all follow from the seed", () => {
  const { fitted, heldOut } = design(fashion, 40);
  expect(fitted.slice(0, 2)).toEqual([smallest(fashion), biggest(fashion)].map((one) => idOf(fashion, one)));
  expect([fitted.length, heldOut.length]).toEqual([40, 20]);
  expect(new Set([...fitted, ...heldOut]).size).toBe(60);
  expect(design(fashion, 40)).toEqual({ fitted, heldOut });
  expect(design(fashion, 40, 1).heldOut).not.toEqual(heldOut);
});

test("a small space is shared out: two thirds to fit to, one third to tell the errors; a smaller one is refused", () => {
  const of = (resolutions: readonly number[]): SearchSpace => {
    const once = (stage: object): object => ({ ...stage, depth: [1], expand: [2] });
    const { stages } = fashion.data as unknown as { readonly stages: readonly object[] };
    return parseSpace({ ...fashion.data, name: "few", resolutions, stages: stages.map(once) }, "few");
  };
  const { fitted, heldOut } = design(of([8, 12, 16, 20, 24, 28]), 40);
  expect([fitted.length, heldOut.length]).toEqual([4, 2]);
  expect(() => design(of([20, 24]), 40)).toThrow("space few is one of 2 architectures; want at least 5");
});
