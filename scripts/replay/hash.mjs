/** The first 16 digits of a SHA-256: of bytes, of text, or of a value as JSON. */
import { createHash } from "node:crypto";

export const hashOf = (value) => {
  const content = value instanceof Uint8Array || typeof value === "string" ? value : JSON.stringify(value);
  return createHash("sha256").update(content).digest("hex").slice(0, 16);
};
