/** Finds wheels in a Python package index by its simple API: JSON (PEP 691) where it is spoken, HTML (PEP 503) of plain mirrors. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { UserError } from "../base/user-error.js";
import { tried, unreachable } from "./network.js";

export interface Wheel {
  readonly filename: string;
  readonly url: string;
  readonly sha256: string;
  /** Plain HTML doesn't say. */
  readonly bytes: number | undefined;
}

/** The index pip would use: PIP_INDEX_URL, pip's configuration where there is a pip, PyPI. */
export async function defaultIndex(): Promise<string> {
  const fromEnvironment = process.env["PIP_INDEX_URL"];
  if (fromEnvironment) return fromEnvironment;
  const configured = await promisify(execFile)("pip", ["config", "get", "global.index-url"]).then(
    ({ stdout }) => stdout.trim(),
    () => "",
  );
  return configured || "https://pypi.org/simple";
}

const accept = "application/vnd.pypi.simple.v1+json, text/html;q=0.5";

/** @throws UserError `engine/network`, `engine/no-wheel` */
export async function findWheel(index: string, project: string, version: string): Promise<Wheel> {
  const page = `${index.replace(/\/+$/, "")}/${project}/`;
  const response = await tried(() => fetch(page, { headers: { accept } }), page);
  if (!response.ok) throw unreachable(page, `answered ${response.status}`);
  const text = await tried(() => response.text(), page);
  const wheels = response.headers.get("content-type")?.includes("json")
    ? wheelsOfJson(JSON.parse(text), response.url)
    : wheelsOfHtml(text, response.url);
  const prefix = `${project.replaceAll("-", "_")}-${version}-`;
  const matching = wheels.filter(
    ({ filename }) => filename.startsWith(prefix) && filename.includes("manylinux") && filename.endsWith(`_x86_64.whl`),
  );
  // Wheels differ by the Python they are for, which none of ours runs: the last name is the newest.
  const wheel = matching.toSorted((a, b) => (a.filename < b.filename ? -1 : 1)).at(-1);
  if (wheel) return wheel;
  throw new UserError("engine/no-wheel", {
    at: page,
    got: `without a wheel of ${version} for Linux on x86_64, with its SHA-256`,
    want: `${prefix}…_x86_64.whl`,
    fix: "Name another index by --index or PIP_INDEX_URL, for example https://pypi.org/simple.",
  });
}

interface JsonPage {
  readonly files: readonly { filename: string; url: string; size?: number; hashes: { sha256?: string } }[];
}

function wheelsOfJson(page: unknown, base: string): Wheel[] {
  return (page as JsonPage).files.flatMap(({ filename, url, size, hashes: { sha256 } }) =>
    sha256 === undefined ? [] : [{ filename, url: new URL(url, base).href, sha256, bytes: size }],
  );
}

function wheelsOfHtml(page: string, base: string): Wheel[] {
  return [...page.matchAll(/<a\b[^>]*\bhref="([^"#]+)#sha256=([0-9a-f]{64})"[^>]*>([^<]+)</gi)].map(
    ([, href, sha256, filename]) => ({
      filename: filename!.trim(),
      url: new URL(href!.replaceAll("&amp;", "&"), base).href,
      sha256: sha256!,
      bytes: undefined,
    }),
  );
}
