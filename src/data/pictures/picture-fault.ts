/** Why a picture can't be read, in words for people: what its bytes are, and what the decoder says where these don't tell. */
import { isLfsPointer } from "../sources/git-lfs.js";
import { HEAD_BYTES, pictureKind } from "./picture-kind.js";

export const readable: readonly string[] = ["jpeg", "png", "webp", "gif", "tiff"];
const wanted = readable.join(", ");

/** What sharp says of a whole class of faults, and what it means. */
const meanings: readonly (readonly [RegExp, string])[] = [
  [/exceeds pixel limit/, "it has more than 268 million pixels, or its header is damaged"],
  [/^Warning treated as error/, "it is cut off or damaged"],
];

/** @param bytes of the file @param error that the decoder threw */
export function pictureFault(bytes: Uint8Array, error: unknown): Error {
  const said = (error as Error).message.split("\n")[0]!.replace(/^Input buffer has corrupt header:?\s*/, "");
  return new Error(wordsFor(bytes, said), { cause: error });
}

function wordsFor(bytes: Uint8Array, said: string): string {
  if (bytes.length === 0) return "it is empty";
  if (isLfsPointer(bytes)) return "it is a pointer of Git LFS, not the file: run git lfs pull";
  const kind = pictureKind(Buffer.from(bytes.subarray(0, HEAD_BYTES)));
  if (kind === undefined) return "it is no picture by its content";
  if (!readable.includes(kind)) return `a ${kind} picture, not ${wanted}`;
  const known = meanings.find(([pattern]) => pattern.test(said));
  if (known) return known[1];
  return `it is cut off or damaged${said === "" || /unsupported image format/.test(said) ? "" : `: ${said}`}`;
}
