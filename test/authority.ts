/** An authority of a test's own, and certificates that it signed: PEM files, made by openssl. */
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "./temporary-folder.js";

export interface Authority {
  /** File with its own certificate. */
  readonly ca: string;
  /** A certificate with a key: for this machine on loopback, or for other names. */
  readonly signed: (name: string, names?: string) => Promise<{ readonly key: string; readonly cert: string }>;
}

export async function authority(): Promise<Authority> {
  const folder = await temporaryFolder();
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => void execFileSync("openssl", args, { stdio: "ignore" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...newKey, "-days", "2", "-subj", "/CN=ca", "-keyout", at("ca.key"), "-out", at("ca.pem"));
  return {
    ca: at("ca.pem"),
    async signed(name, names = "IP:127.0.0.1,DNS:localhost") {
      const [key, cert, request] = [at(`${name}.key`), at(`${name}.pem`), at(`${name}.csr`)] as const;
      openssl("req", ...newKey, "-subj", `/CN=${name}`, "-keyout", key, "-out", request);
      await writeFile(at(`${name}.names`), `subjectAltName=${names}`);
      const by = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial", "-days", "2"];
      openssl("x509", "-req", "-in", request, ...by, "-extfile", at(`${name}.names`), "-out", cert);
      return { key, cert };
    },
  };
}
