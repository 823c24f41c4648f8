import { expect, test } from "vitest";
import { aboutData } from "../../src/data/about.js";

test("names with line breaks or control characters take one line each, escaped", () => {
  const data = { name: "ph\notos", classes: ["cat\n", "\u001b[2Jdog"], train: [0, 0, 1], test: [0] };
  const lines = aboutData(data, { layout: "a folder", broken: ["cat\n/a\r.jpg"] });
  expect(lines).toHaveLength(4);
  for (const line of lines) expect(line).not.toMatch(/\p{Cc}/u);
  expect(lines[1]).toContain("cat\\n 2, \\u001b[2Jdog 1");
  expect(lines[2]).toContain("No test pictures of \\u001b[2Jdog");
  expect(lines[3]).toContain("cat\\n/a\\r.jpg");
});
