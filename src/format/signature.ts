/** Who deployed a folder: an Ed25519 signature (RFC 8032) over its manifest, which has the hash of every file. Any tool can check it. */
import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from "node:crypto";
import { UserError } from "../base/user-error.js";
import { readUserBytes, type Mistake } from "../base/user-file.js";

/** 64 bytes over those of `nestling.json`; `openssl pkeyutl -verify -rawin` takes both as they are. */
export const SIGNATURE = "nestling.json.sig";

export const signatureOf = (manifest: string | Uint8Array, key: KeyObject): Uint8Array =>
  sign(null, Buffer.from(manifest), key);

export const isSignedBy = (manifest: Uint8Array, signature: Uint8Array, key: KeyObject): boolean =>
  verify(null, manifest, key, signature);

const kinds = {
  private: {
    parse: createPrivateKey,
    make: "Make one with `openssl genpkey -algorithm ed25519 -out key.pem`, and sign with `nestling deploy --sign key.pem`.",
  },
  public: {
    parse: createPublicKey,
    make: "Take it from the private one with `openssl pkey -in key.pem -pubout -out key.pub`, and check with `nestling verify --key key.pub`.",
  },
} as const;

/**
 * @param path a PEM file without a passphrase
 * @throws UserError `format/key` where it has no Ed25519 key of that kind
 */
export async function readKey(path: string, kind: keyof typeof kinds): Promise<KeyObject> {
  const { parse, make } = kinds[kind];
  const mistake: Mistake = {
    code: "format/key",
    want: `a PEM file of a ${kind} Ed25519 key, without a passphrase`,
    fix: make,
  };
  const bytes = await readUserBytes(path, mistake);
  const refuse = (got: string): UserError =>
    new UserError(mistake.code, { at: path, got, want: mistake.want, fix: mistake.fix });
  const text = Buffer.from(bytes).toString("latin1");
  // Node makes a public key of a private one, too: who checks needs no secret.
  if (kind === "public" && text.includes("PRIVATE KEY")) throw refuse("a private key");
  let key: KeyObject;
  try {
    key = parse(Buffer.from(bytes));
  } catch {
    throw refuse(text.includes("ENCRYPTED") ? "a key with a passphrase" : "no such key");
  }
  if (key.asymmetricKeyType !== "ed25519") throw refuse(`a key of another kind, ${key.asymmetricKeyType ?? "secret"}`);
  return key;
}
