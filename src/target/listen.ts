/** What servers share: files for https, and an address to listen at. */
import type { AddressInfo, Server } from "node:net";
import type { ServerOptions } from "node:https";
import { createSecureContext } from "node:tls";
import { UserError } from "../base/user-error.js";
import { readUserBytes } from "../base/user-file.js";

/** Files in PEM. */
export interface TlsFiles {
  /** The server's certificate with those that signed it, and its key. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Who signs the callers' certificates. With it, callers need one (mutual TLS). */
  readonly clientCa?: string | undefined;
}

/**
 * @param whose of the error: `the agent`
 * @param page which shows how to make the files
 * @returns undefined where no file is given
 * @throws UserError `target/certificate`
 */
export async function tlsOf(
  { cert, key, clientCa }: TlsFiles,
  whose: string,
  page: string,
): Promise<ServerOptions | undefined> {
  const fix = `Give files in PEM; ${page} shows how to make them.`;
  if (cert === undefined && key === undefined && clientCa === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    const missing = cert === undefined ? "certificate" : "key";
    throw new UserError("target/certificate", {
      at: `${whose}'s ${missing}`,
      got: "missing",
      want: "certificate and key",
      fix,
    });
  }
  const read = async (path: string) =>
    Buffer.from(await readUserBytes(path, { code: "target/certificate", want: "a file in PEM", fix }));
  const files = {
    cert: await read(cert),
    key: await read(key),
    ...(clientCa !== undefined && { ca: await read(clientCa) }),
  };
  try {
    createSecureContext(files);
  } catch (error) {
    const got = `refused (${(error as Error).message})`;
    throw new UserError(
      "target/certificate",
      { at: cert, got, want: "a certificate and its key", fix },
      { cause: error },
    );
  }
  const mutual = clientCa === undefined ? {} : { requestCert: true, rejectUnauthorized: true };
  return { ...files, ...mutual, minVersion: "TLSv1.2" };
}

/**
 * @param port 0 for any that is free
 * @returns the port
 * @throws UserError `target/listen`
 */
export async function listenOn(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  }).catch((error: unknown) => {
    throw cannotListen(`${host}:${port}`, error);
  });
  return (server.address() as AddressInfo).port;
}

/** Whether no other machine reaches an address. */
export const isLoopback = (host: string): boolean => /^(127(\.\d+){3}|::1|localhost)$/.test(host);

/** `http://127.0.0.1:8000` */
export const addressOf = (scheme: "http" | "https", host: string, port: number): string =>
  `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;

function cannotListen(at: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const found: Partial<Record<string, string>> = {
    EADDRINUSE: "in use",
    EACCES: "not allowed",
    EADDRNOTAVAIL: "no address of this machine",
    ENOTFOUND: "no name of this machine",
  };
  const got = found[code ?? ""];
  if (got === undefined) return error;
  const problem = { at, got, want: "an address that is free", fix: "Choose another host or port." };
  return new UserError("target/listen", problem, { cause: error });
}
