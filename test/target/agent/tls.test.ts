/** https, and callers with certificates of their own. The certificates are made here. */
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../temporary-folder.js";
import { agentHere, targetOf } from "./agents.js";

/** An authority, and certificates that it signed: PEM files. */
async function authority() {
  const folder = await temporaryFolder();
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => void execFileSync("openssl", args, { stdio: "ignore" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...newKey, "-days", "2", "-subj", "/CN=ca", "-keyout", at("ca.key"), "-out", at("ca.pem"));
  await writeFile(at("names"), "subjectAltName=IP:127.0.0.1,DNS:localhost");
  return {
    ca: at("ca.pem"),
    signed: (name: string) => {
      const [key, cert, request] = [at(`${name}.key`), at(`${name}.pem`), at(`${name}.csr`)] as const;
      openssl("req", ...newKey, "-subj", `/CN=${name}`, "-keyout", key, "-out", request);
      const by = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial", "-days", "2"];
      openssl("x509", "-req", "-in", request, ...by, "-extfile", at("names"), "-out", cert);
      return { key, cert };
    },
  };
}

test("over https, an agent is known by who signed its certificate", async () => {
  const { ca, signed } = await authority();
  const agent = await agentHere({ ...signed("agent"), host: "127.0.0.1" });
  expect(agent.url).toMatch(/^https:/);
  expect((await targetOf(agent, { ca }).environment()).node).toBe(process.version);
  await expect(targetOf(agent).environment()).rejects.toMatchObject({ code: "target/certificate" });
  const other = await authority();
  await expect(targetOf(agent, { ca: other.ca }).environment()).rejects.toMatchObject({ code: "target/certificate" });
});

test("with an authority for callers, a caller needs its certificate", async () => {
  const { ca, signed } = await authority();
  const agent = await agentHere({ ...signed("agent"), clientCa: ca });
  expect((await targetOf(agent, { ca, ...signed("caller") }).environment()).node).toBe(process.version);
  await expect(targetOf(agent, { ca }).environment()).rejects.toMatchObject({ code: "target/certificate" });
  const stranger = (await authority()).signed("caller");
  await expect(targetOf(agent, { ca, ...stranger }).environment()).rejects.toMatchObject({
    code: "target/certificate",
  });
});

test("a certificate without its key, or that is none, is the user's mistake", async () => {
  const { signed, ca } = await authority();
  const { cert, key } = signed("agent");
  await expect(agentHere({ cert })).rejects.toThrow("the agent's key is missing");
  await expect(agentHere({ cert: key, key: cert })).rejects.toMatchObject({ code: "target/certificate" });
  await expect(agentHere({ clientCa: ca })).rejects.toThrow("the agent's certificate is missing");
  await expect(agentHere({ cert, key: `${key}.missing` })).rejects.toThrow("is missing; want a file in PEM");
});
