/** Text as people's tools save it: UTF-8, or UTF-16 that says so by its first bytes, as Excel and PowerShell write it. */

/** Undefined where the bytes are neither. A byte order mark is dropped. */
export function decodedText(bytes: Uint8Array): string | undefined {
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Text for one line of a terminal: control characters, line breaks and what turns the direction of writing are escaped as in JSON. */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    const short = JSON.stringify(character).slice(1, -1);
    return short === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}` : short;
  });

/** The first line that is no UTF-8, from 1; where all are, the last. */
export function lineOfBadText(bytes: Uint8Array): number {
  let [line, from] = [1, 0];
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
    if (decodedText(bytes.subarray(from, end)) === undefined) return line;
    [line, from] = [line + 1, end + 1];
  }
  return line;
}

/** A word of a shell's command, whatever is in it. */
export const shellWord = (text: string): string =>
  /^[\w./:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
