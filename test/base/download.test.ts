/** Downloads over connections that break, servers that lie, and mirrors that know less than PyPI. */
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { hostname } from "node:os";
import { gzipSync } from "node:zlib";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { download, type Download } from "../../src/base/download.js";
import { temporaryFolder } from "../temporary-folder.js";
import { serve } from "../server.js";

const file = randomBytes(1_000_000);
const sha256 = createHash("sha256").update(file).digest("hex");

/** As the engine's wheels are fetched. */
const common = {
  sha256,
  hashed: "sent",
  unreachable: { code: "x/network", fix: "Try again." },
  wrong: { code: "x/hash", fix: "Use another mirror." },
} as const satisfies Partial<Download>;

/** A process that is gone, and what it had got of a file. */
const gone = spawnSync(process.execPath, ["-e", ""]).pid;
const partialOf = (path: string, pid: number): string => `${path}.${hostname()}.${pid}.partial`;

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
  await download(path, { ...common, url, bytes: file.length, onBytes: (done) => seen.push(done) });
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
  await writeFile(partialOf(path, gone), file.subarray(0, 123_456));
  await download(path, { ...common, url, bytes: undefined });
  expect(file.equals(await readFile(path))).toBe(true);
  expect(starts).toEqual([123_456]);
});

test("all bytes got and not yet renamed: nothing is fetched, whether the size is known or not", async () => {
  const url = await serve((_, response) => response.writeHead(416).end());
  const folder = await temporaryFolder();
  for (const bytes of [file.length, undefined]) {
    const path = join(folder, `${String(bytes)}.whl`);
    await writeFile(partialOf(path, gone), file);
    await download(path, { ...common, url, bytes });
    expect(file.equals(await readFile(path))).toBe(true);
  }
});

test("a server without ranges starts over, into the same file", async () => {
  const starts: number[] = [];
  const url = await serve(broken(Infinity, starts, false));
  const path = join(await temporaryFolder(), "wheel.whl");
  await writeFile(partialOf(path, gone), file.subarray(0, 1000));
  await download(path, { ...common, url, bytes: file.length });
  expect(file.equals(await readFile(path))).toBe(true);
});

test("a wrong hash is refused and leaves no file", async () => {
  const url = await serve((_, response) => response.end(Buffer.alloc(1000)));
  const folder = await temporaryFolder();
  const failing = download(join(folder, "wheel.whl"), { ...common, url, bytes: 1000 });
  await expect(failing).rejects.toMatchObject({ name: "UserError", code: "x/hash" });
  expect(await readdir(folder)).toEqual([]);
});

test("a server that is gone, or answers 404, ends in a message", async () => {
  const path = join(await temporaryFolder(), "wheel.whl");
  const url = await serve((_, response) => response.writeHead(404).end());
  await expect(download(path, { ...common, url, bytes: 1 })).rejects.toMatchObject({ code: "x/network" });
  const nobody = download(path, { ...common, url: "http://127.0.0.1:1/wheel.whl", bytes: 1 });
  await expect(nobody).rejects.toMatchObject({ code: "x/network" });
});

test("a process that still runs keeps its file: two never write into one", async () => {
  const starts: number[] = [];
  const url = await serve(broken(Infinity, starts));
  const path = join(await temporaryFolder(), "wheel.whl");
  const others = partialOf(path, process.ppid);
  await writeFile(others, "theirs");
  await download(path, { ...common, url });
  expect(starts).toEqual([0]);
  expect(await readFile(others, "utf8")).toBe("theirs");
});

test("where the hash is of the content, any packing of it is right, and what is not packed is refused", async () => {
  const folder = await temporaryFolder();
  for (const level of [1, 9]) {
    const packed = gzipSync(file, { level });
    const url = await serve((_, response) => response.end(packed));
    await download(join(folder, `${level}.gz`), { ...common, url, hashed: "unpacked" });
    expect(packed.equals(await readFile(join(folder, `${level}.gz`)))).toBe(true);
  }
  const plain = await serve((_, response) => response.end(file));
  await expect(download(join(folder, "plain.gz"), { ...common, url: plain, hashed: "unpacked" })).rejects.toMatchObject(
    {
      code: "x/hash",
      problems: [{ got: "a file that is not gzip" }],
    },
  );
});

test("an address that doesn't answer leaves no folder; a place that can't be written is named", async () => {
  const folder = await temporaryFolder();
  const gone = await serve((_, response) => response.writeHead(404).end());
  const failing = download(join(folder, "cache/a.whl"), { ...common, url: gone });
  await expect(failing).rejects.toMatchObject({ code: "x/network" });
  expect(await readdir(folder)).toEqual([]);

  await writeFile(join(folder, "file"), "");
  const url = await serve((_, response) => response.end(file));
  const blocked = download(join(folder, "file/a.whl"), { ...common, url });
  await expect(blocked).rejects.toMatchObject({ code: "file/write" });
});
