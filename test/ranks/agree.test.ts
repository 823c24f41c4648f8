/** Agreement without MPI: each rank in turn is given what the others would have gathered. test/ranks/mpirun.test.ts has real ranks. */
import { expect, test } from "vitest";
import { UserError } from "../../src/base/user-error.js";
import { agree, checkSameEverywhere, FailedTogether } from "../../src/ranks/agree.js";
import { alone, type Numbers, type Ranks } from "../../src/ranks/ranks.js";

/** One of several ranks; what it gives to `gather` is kept, and the others' parts are filled in. */
function rankOf(rank: number, size: number, others: (rank: number) => readonly number[]) {
  const given: number[][] = [];
  const gather = (array: Numbers, counts: readonly number[]): void => {
    let at = 0;
    for (const [r, count] of counts.entries()) {
      if (r === rank) given.push([...array.subarray(at, at + count)]);
      else array.set(others(r), at);
      at += count;
    }
  };
  return { ranks: { ...alone, rank, size, gather } satisfies Ranks, given };
}

const mistake = new UserError("x/y", { at: "here", want: "it", fix: "Do it." });
const fails = (error: Error) => () => {
  throw error;
};

test("work that succeeds everywhere gives each rank its own value", async () => {
  const { ranks, given } = rankOf(1, 3, () => [0]);
  await expect(agree(ranks, async () => "mine")).resolves.toBe("mine");
  expect(given).toEqual([[0]]);
});

test("a user's mistake is 2 and any other failure is 1; the first rank that failed speaks", async () => {
  for (const [error, exitCode] of [
    [mistake, 2],
    [new Error("internal: broken"), 1],
  ] as const) {
    const { ranks, given } = rankOf(1, 3, (r) => (r === 2 ? [1] : [0]));
    await expect(agree(ranks, fails(error))).rejects.toMatchObject({ exitCode, spoken: error });
    expect(given).toEqual([[exitCode]]);
  }
});

test("a rank whose work succeeded fails with the others and is silent, as is one that failed later", async () => {
  const failedAt0 = (r: number): readonly number[] => (r === 0 ? [2] : [0]);
  for (const work of [() => "mine", fails(mistake)]) {
    const failure = await agree(rankOf(1, 3, failedAt0).ranks, work).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(FailedTogether);
    expect(failure).toMatchObject({ exitCode: 2, spoken: undefined });
  }
});

test("a process that is alone fails with the plain error", async () => {
  await expect(agree(alone, fails(mistake))).rejects.toBe(mistake);
});

test("what differs from rank 0's is named, on the rank that differs", () => {
  const zero = rankOf(0, 2, () => [0, 0]);
  checkSameEverywhere(zero.ranks, { "the space": "a", "the data": "b" });
  const one = rankOf(1, 2, () => zero.given[0]!);
  checkSameEverywhere(one.ranks, { "the space": "a", "the data": "b" });
  expect(() => checkSameEverywhere(one.ranks, { "the space": "a", "the data": "other" })).toThrow(
    /^the data on .*, rank 1 is another than rank 0's; want the same on every rank/,
  );
});
