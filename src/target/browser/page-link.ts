/** The link that opens the page, as text and as a QR code. */
import { networkInterfaces } from "node:os";
import { toString as codeOf } from "qrcode";

/** How a phone or a browser opens the page. */
export interface PageLink {
  /** With the token, which is a secret: whoever has it may load the models that are timed. */
  readonly url: string;
  /** The same as a QR code, in a terminal's colours: dark on light whatever the terminal has. */
  readonly qrCode: string;
  /** The QR code without colours, for what is no terminal. */
  readonly plainQrCode: string;
  /** Why the page has 1 thread, a coarse clock and no WebGPU by this link; undefined where nothing keeps it from more. */
  readonly warning?: string;
}

const LOOPBACK = /^(127(\.\d+){3}|\[::1\]|localhost)$/;

/** @param host that the server listens at */
export async function pageLink(host: string, port: number, token: string, isTls: boolean): Promise<PageLink> {
  const name = nameOf(host);
  const url = `${isTls ? "https" : "http"}://${name}:${port}/#${token}`;
  const isSecure = isTls || LOOPBACK.test(name);
  return {
    url,
    qrCode: await codeOf(url, { type: "terminal", small: true }),
    plainQrCode: await codeOf(url, { type: "utf8" }),
    ...(!isSecure && { warning: "over http a browser gives 1 thread, a coarse clock and no WebGPU: use https" }),
  };
}

/** Browsers trust localhost; a server that listens at all addresses is reached by the first that others can see. */
function nameOf(host: string): string {
  if (host === "127.0.0.1") return "localhost";
  if (host !== "0.0.0.0" && host !== "::") return host.includes(":") ? `[${host}]` : host;
  const addresses = Object.values(networkInterfaces()).flatMap((of) => of ?? []);
  return addresses.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "localhost";
}
