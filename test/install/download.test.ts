/** Downloads over connections that break, servers that lie, and mirrors that know less than PyPI. */
import { createHash, randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { download } from "../../src/install/download.js";
import { temporaryFolder } from "../temporary-folder.js";
import { serve } from "./server.js";

const file = randomBytes(1_000_000);
const sha256 = createHash("sha256").update(file).digest("hex");

/** Serves the file with ranges, cutting each connection after `cut` bytes; notes where each request starts. */
function broken(cut: number, starts: number[], ranges = true) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const start = ranges ? Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0) : 0;
    starts.push(start);
    response.writeHead(start > 0 ? 206 : 200, { "content-length": file.length - start });
    const rest = file.subarray(start);
    if (rest.length <= cut) response.end(rest);
    else response.write(rest.subarray(0, cut), () => setTimeout(() => response.destroy(), 20));
  };
}

test("a connection that breaks twice is taken up where it broke", async () => {
  const starts: number[] = [];
  const url = await serve(broken(400_000, starts));
  const path = join(await temporaryFolder(), "wheel.whl");
  const seen: number[] = [];
  await download(path, { url, sha256, bytes: file.length, onBytes: (done) => seen.push(done) });
  expect(file.equals(await readFile(path))).toBe(true);
  // What still lay in buffers when the connection broke is fetched again; what had reached the disk is not.
  expect(starts.length).toBeGreaterThan(2);
  expect(starts).toEqual([...new Set(starts)].toSorted((a, b) => a - b));
  expect(seen.at(-1)).toBe(file.length);
});

test("what a killed process had got is kept; size unknown", async () => {
  const starts: number[] = [];
  const url = await serve(broken(Infinity, starts));
  const path = join(await temporaryFolder(), "wheel.whl");
  await writeFile(`${path}.partial`, file.subarray(0, 123_456));
  await download(path, { url, sha256, bytes: undefined });
  expect(file.equals(await readFile(path))).toBe(true);
  expect(starts).toEqual([123_456]);
});

test("all bytes got and not yet renamed: nothing is fetched, whether the size is known or not", async () => {
  const url = await serve((_, response) => response.writeHead(416).end());
  const folder = await temporaryFolder();
  for (const bytes of [file.length, undefined]) {
    const path = join(folder, `${String(bytes)}.whl`);
    await writeFile(`${path}.partial`, file);
    await download(path, { url, sha256, bytes });
    expect(file.equals(await readFile(path))).toBe(true);
  }
});

test("a server without ranges starts over, into the same file", async () => {
  const starts: number[] = [];
  const url = await serve(broken(Infinity, starts, false));
  const path = join(await temporaryFolder(), "wheel.whl");
  await writeFile(`${path}.partial`, file.subarray(0, 1000));
  await download(path, { url, sha256, bytes: file.length });
  expect(file.equals(await readFile(path))).toBe(true);
});

test("a wrong hash is refused and leaves no file", async () => {
  const url = await serve((_, response) => response.end(Buffer.alloc(1000)));
  const folder = await temporaryFolder();
  const failing = download(join(folder, "wheel.whl"), { url, sha256, bytes: 1000 });
  await expect(failing).rejects.toMatchObject({ name: "UserError", code: "engine/hash" });
  expect(await readdir(folder)).toEqual([]);
});

test("a server that is gone, or answers 404, ends in a message", async () => {
  const path = join(await temporaryFolder(), "wheel.whl");
  const url = await serve((_, response) => response.writeHead(404).end());
  await expect(download(path, { url, sha256, bytes: 1 })).rejects.toMatchObject({ code: "engine/network" });
  const nobody = download(path, { url: "http://127.0.0.1:1/wheel.whl", sha256, bytes: 1 });
  await expect(nobody).rejects.toMatchObject({ code: "engine/network" });
});
