import { expect, test } from "vitest";
import { findWheel } from "../../src/install/package-index.js";
import { serve } from "../server.js";

const name = (python: string, platform = "manylinux_2_27_x86_64", version = "2.21.0"): string =>
  `tensorflow_cpu-${version}-${python}-${python}-${platform}.whl`;
const hash = (digit: string): string => digit.repeat(64);
const files = [
  { filename: name("cp313"), url: "../../files/a.whl", size: 5, hashes: { sha256: hash("a") } },
  { filename: name("cp310"), url: "../../files/b.whl", size: 6, hashes: { sha256: hash("b") } },
  { filename: name("cp314", "win_amd64"), url: "../../files/c.whl", size: 7, hashes: { sha256: hash("c") } },
  { filename: name("cp314", "manylinux_2_27_aarch64"), url: "d.whl", size: 7, hashes: { sha256: hash("d") } },
  { filename: name("cp314", "manylinux_2_27_x86_64", "2.21.0rc1"), url: "e.whl", hashes: { sha256: hash("e") } },
  { filename: name("cp315"), url: "../../files/f.whl", size: 8, hashes: {} },
];

test("the wheel of a JSON index: right version and platform, with a hash, for the newest Python", async () => {
  const index = await serve((request, response) => {
    expect(request.url).toBe("/simple/tensorflow-cpu/");
    response.setHeader("content-type", "application/vnd.pypi.simple.v1+json").end(JSON.stringify({ files }));
  });
  expect(await findWheel(`${index}/simple/`, "tensorflow-cpu", "2.21.0")).toEqual({
    filename: name("cp313"),
    url: `${index}/files/a.whl`,
    sha256: hash("a"),
    bytes: 5,
  });
});

test("the same wheel of a plain HTML mirror", async () => {
  const links = files.map(
    ({ filename, url, hashes: { sha256 } }) =>
      `<a data-requires-python="&gt;=3.10" href="${url}${sha256 ? `#sha256=${sha256}` : ""}">${filename}</a><br/>`,
  );
  const index = await serve((_, response) =>
    response.setHeader("content-type", "text/html; charset=utf-8").end(`<!DOCTYPE html><body>${links.join("\n")}`),
  );
  expect(await findWheel(`${index}/simple`, "tensorflow-cpu", "2.21.0")).toEqual({
    filename: name("cp313"),
    url: `${index}/files/a.whl`,
    sha256: hash("a"),
    bytes: undefined,
  });
});

test("an index without it, one that answers 404, one that isn't there", async () => {
  const json = await serve((_, response) =>
    response.setHeader("content-type", "application/json").end(JSON.stringify({ files: files.slice(2) })),
  );
  await expect(findWheel(json, "tensorflow-cpu", "2.21.0")).rejects.toMatchObject({ code: "engine/no-wheel" });
  const none = await serve((_, response) => response.writeHead(404).end());
  await expect(findWheel(none, "tensorflow-cpu", "2.21.0")).rejects.toMatchObject({ code: "engine/network" });
  await expect(findWheel("http://127.0.0.1:1", "x", "1")).rejects.toMatchObject({ code: "engine/network" });
});
