import { expect, test } from "vitest";
import { explain } from "../../src/compile/explain.js";
import type { Note } from "../../src/compile/pass.js";

const note = (node: string, verdict: Note["verdict"], detail: string): Note => ({ node, verdict, detail });

test("each step reports what it rewrote and what it left alone, with one line per reason", () => {
  const norms = Array.from({ length: 8 }, (_, i) => note(`norm${i}`, "rewrote", "folded into the conv before it"));
  const text = explain([
    {
      name: "fold-batch-norm",
      notes: [
        ...norms,
        note("last", "skipped", "another node reads the conv"),
        note("out", "skipped", "the graph outputs it"),
      ],
    },
    { name: "fold-hard-sigmoid", notes: [] },
  ]);
  expect(text).toMatchInlineSnapshot(`
    "fold-batch-norm
      rewrote 8: folded into the conv before it (norm0, norm1, norm2, norm3, norm4, norm5 and 2 more)
      left 1: another node reads the conv (last)
      left 1: the graph outputs it (out)
    fold-hard-sigmoid
      nothing to do"
  `);
});
