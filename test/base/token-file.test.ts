import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readTokenFile } from "../../src/base/token-file.js";
import { temporaryFolder } from "../temporary-folder.js";

const mistake = { code: "target/token-file", want: "a token", fix: "Make one." } as const;
const word = "abcDEF123-_/+=~!xyz";

async function read(content: string | Uint8Array): Promise<string> {
  const path = join(await temporaryFolder(), "token");
  await writeFile(path, content);
  return readTokenFile(path, mistake);
}

test.each([
  ["with line breaks around it", `\n ${word}\r\n`],
  ["with a byte order mark", `\ufeff${word}`],
  ["in UTF-16, as PowerShell saves it", Buffer.from(`\ufeff${word}\r\n`, "utf16le")],
])("a token is read %s", async (_, content) => {
  expect(await read(content)).toBe(word);
});

test.each([
  ["empty", "", "is empty"],
  ["short", "abc", "is 3 characters long"],
  ["of several words", `${word} ${word}`, "is several words"],
  ["of several lines", `${word}\n${word}`, "is several words"],
  ["that no header carries", "größe-größe-größe-größe", "other characters than ASCII's"],
  ["with a control character", `${word}\u0000`, "other characters than ASCII's"],
  ["that is no text", Uint8Array.of(0xc3, 0x28, ...Buffer.from(word)), "no text"],
])("one %s is refused", async (_, content, message) => {
  await expect(read(content)).rejects.toThrow(message);
});
