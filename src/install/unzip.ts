/** Extracts the members of a zip archive (a wheel is one) that are wanted: streamed, since one of them has 788 MB. */
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import yauzl, { type Entry, type ZipFile } from "yauzl";

/** @returns the paths and sizes of what was extracted; yauzl checks sizes and refuses names that lead out of the folder */
export async function unzip(
  archive: string,
  folder: string,
  wants: (member: string) => boolean,
): Promise<{ member: string; bytes: number }[]> {
  const zip = await promisify<string, yauzl.Options, ZipFile>(yauzl.open)(archive, {
    lazyEntries: true,
    autoClose: false,
  });
  try {
    const extracted = [];
    for await (const entry of entriesOf(zip)) {
      if (!wants(entry.fileName)) continue;
      const path = join(folder, entry.fileName);
      await mkdir(dirname(path), { recursive: true });
      await pipeline(
        await promisify<Entry, NodeJS.ReadableStream>(zip.openReadStream.bind(zip))(entry),
        createWriteStream(path, { mode: isProgram(entry) ? 0o755 : 0o644 }),
      );
      extracted.push({ member: entry.fileName, bytes: entry.uncompressedSize });
    }
    return extracted;
  } finally {
    zip.close();
  }
}

/** The upper half of the attributes is the mode that Unix gave the file. */
const isProgram = ({ externalFileAttributes }: Entry): boolean => ((externalFileAttributes >>> 16) & 0o100) !== 0;

async function* entriesOf(zip: ZipFile): AsyncGenerator<Entry> {
  for (let i = 0; i < zip.entryCount; i++) {
    yield await new Promise<Entry>((resolve, reject) => {
      const settle =
        <T>(done: (value: T) => void) =>
        (value: T): void => {
          zip.removeAllListeners("entry").removeAllListeners("error");
          done(value);
        };
      zip.on("entry", settle(resolve)).on("error", settle(reject));
      zip.readEntry();
    });
  }
}
