/** Fetches wheels of a package index and extracts what is wanted of them. */
import { rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { download } from "../base/download.js";
import { enginesFolder } from "../engine/engines-folder.js";
import { networkFix } from "./network.js";
import { defaultIndex, findWheel, type Wheel } from "./package-index.js";
import type { WheelPart } from "./parts.js";
import { unzip } from "./unzip.js";

/** From where wheels are fetched, and who hears of it. */
export interface WheelOptions {
  /** URL of a package index in pip's simple form; by default pip's own setting, else PyPI. */
  readonly index?: string;
  /** Called with each line of what is being done. */
  readonly onNote?: (line: string) => void;
  /** Called as a wheel arrives, with bytes done and bytes in all. */
  readonly onDownload?: (wheel: string, done: number, total: number | undefined) => void;
}

/** What was fetched and extracted. */
export interface FetchedWheels {
  /** The wheels that were fetched; empty where nothing was installed. */
  readonly wheels: readonly { filename: string; bytes: number; sha256: string }[];
  /** Size of what was extracted from the wheels. */
  readonly extractedBytes: number;
}

/**
 * @param site where members are extracted, at their own paths
 * @throws UserError `engine/network`, `engine/no-wheel`, `engine/hash`
 */
export async function fetchWheels(
  parts: readonly WheelPart[],
  site: string,
  { onNote, onDownload, ...options }: WheelOptions,
): Promise<FetchedWheels> {
  const index = options.index ?? (await defaultIndex());
  const wheels: FetchedWheels["wheels"][number][] = [];
  let extractedBytes = 0;
  for (const { project, version, wants } of parts) {
    const wheel = await findWheel(index, project, version);
    const { archive, bytes } = await fetchWheel(wheel, onDownload);
    onNote?.(`${wheel.filename}: ${megabytes(bytes)}, SHA-256 right; extracting`);
    const extracted = await unzip(archive, site, wants);
    if (extracted.length === 0) throw new Error(`internal: ${project}'s wheel has none of the files that are wanted`);
    for (const member of extracted) extractedBytes += member.bytes;
    wheels.push({ filename: wheel.filename, bytes, sha256: wheel.sha256 });
  }
  return { wheels, extractedBytes };
}

export const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

const downloadsFolder = (): string => join(enginesFolder(), "downloads");

/** What was extracted is needed no more. What another install fetches meanwhile stays. */
export async function removeDownloads({ wheels }: Pick<FetchedWheels, "wheels">): Promise<void> {
  for (const { filename } of wheels) await rm(join(downloadsFolder(), filename), { force: true });
  await rmdir(downloadsFolder()).catch(() => undefined);
}

async function fetchWheel(
  { filename, url, sha256, bytes }: Wheel,
  onDownload: WheelOptions["onDownload"],
): Promise<{ archive: string; bytes: number }> {
  const archive = join(downloadsFolder(), filename);
  await download(archive, {
    url,
    sha256,
    hashed: "sent",
    bytes,
    onBytes: (done, total) => onDownload?.(filename, done, total),
    unreachable: { code: "engine/network", fix: networkFix },
    wrong: {
      code: "engine/hash",
      fix: "It was deleted. Run the command again; if that doesn't help, the mirror is broken: name another by --index.",
    },
  });
  return { archive, bytes: (await stat(archive)).size };
}
