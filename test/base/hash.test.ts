import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sha256InPieces, sha256Of, sha256OfFile, sha256OfJson } from "../../src/base/hash.js";
import { temporaryFolder } from "../temporary-folder.js";
import { turnsDuring } from "../turns.js";

const ofAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

test("FIPS 180-4's example, as text, as bytes, in parts and as a file", async () => {
  const path = join(await temporaryFolder(), "abc");
  await writeFile(path, "abc");
  expect(sha256Of("abc")).toBe(ofAbc);
  expect(sha256Of("a", Uint8Array.of(98, 99))).toBe(ofAbc);
  expect(await sha256OfFile(path)).toBe(ofAbc);
});

test("bytes that are hashed in pieces have the same hash, and others have their turn", async () => {
  const bytes = Uint8Array.from({ length: 5e6 }, (_, i) => (i * i) % 251);
  const parts = [bytes.subarray(0, 100), bytes.subarray(100, 100), bytes.subarray(100, 4e6), bytes.subarray(4e6)];
  let hash = "";
  const turns = await turnsDuring(async () => (hash = await sha256InPieces(parts)));
  expect(hash).toBe(sha256Of(bytes));
  expect(turns).toBeGreaterThanOrEqual(4);
  expect(await sha256InPieces([])).toBe(sha256Of());
});

test("JSON is hashed in the order of its keys", () => {
  expect(sha256OfJson({ a: 1, b: 2 })).toBe(sha256Of('{"a":1,"b":2}'));
  expect(sha256OfJson({ b: 2, a: 1 })).not.toBe(sha256OfJson({ a: 1, b: 2 }));
});
