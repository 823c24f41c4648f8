/** https, and callers with certificates of their own. The certificates are made here. */
import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { authority } from "../../authority.js";
import { agentHere, targetOf } from "./agents.js";

test("over https, an agent is known by who signed its certificate", async () => {
  const { ca, signed } = await authority();
  const agent = await agentHere({ ...(await signed("agent")), host: "127.0.0.1" });
  expect(agent.url).toMatch(/^https:/);
  expect((await targetOf(agent, { ca }).environment()).node).toBe(process.version);
  await expect(targetOf(agent).environment()).rejects.toMatchObject({ code: "target/certificate" });
  const other = await authority();
  await expect(targetOf(agent, { ca: other.ca }).environment()).rejects.toMatchObject({ code: "target/certificate" });
});

test("with an authority for callers, a caller needs its certificate", async () => {
  const { ca, signed } = await authority();
  const agent = await agentHere({ ...(await signed("agent")), clientCa: ca });
  expect((await targetOf(agent, { ca, ...(await signed("caller")) }).environment()).node).toBe(process.version);
  await expect(targetOf(agent, { ca }).environment()).rejects.toMatchObject({ code: "target/certificate" });
  const other = await authority();
  const stranger = await other.signed("caller");
  await expect(targetOf(agent, { ca, ...stranger }).environment()).rejects.toMatchObject({
    code: "target/certificate",
  });
});

test("a certificate without its key, or that is none, is the user's mistake", async () => {
  const { signed, ca } = await authority();
  const { cert, key } = await signed("agent");
  await expect(agentHere({ cert })).rejects.toThrow("the agent's key is missing");
  await expect(agentHere({ cert: key, key: cert })).rejects.toMatchObject({ code: "target/certificate" });
  await expect(agentHere({ clientCa: ca })).rejects.toThrow("the agent's certificate is missing");
  await expect(agentHere({ cert, key: `${key}.missing` })).rejects.toThrow("is missing; want a file in PEM");
});

test("a caller's files that are none, or don't belong together, are refused before the agent is asked", async () => {
  const { ca, signed } = await authority();
  const [one, other] = [await signed("caller"), await signed("other")];
  const none = `${ca}.none`;
  await writeFile(none, "no certificate");
  const away = { url: "https://127.0.0.1:9" };
  for (const [options, message] of [
    [{ ca: none }, `${none} is refused`],
    [{ ca, cert: none, key: one.key }, `${none} is refused`],
    [{ ca, cert: one.cert, key: other.key }, "want a certificate and its key"],
    [{ ca, cert: one.cert }, `${one.cert} is given alone`],
    [{ ca, key: one.key }, `${one.key} is given alone`],
  ] as const) {
    const refused = expect(targetOf(away, options).environment()).rejects;
    await refused.toMatchObject({ code: "target/certificate" });
    await refused.toThrow(message);
  }
  await expect(targetOf(away, { ca, ...one }).environment()).rejects.toMatchObject({ code: "target/away" });
});

test("https:// to an agent without a certificate, http:// to one with it, and another name than its are said to be", async () => {
  const { ca, signed } = await authority();
  const [plain, secure] = [await agentHere(), await agentHere(await signed("agent"))];
  const named = await agentHere(await signed("named", "DNS:pi.lan"));
  const refusal = (url: string) => expect(targetOf({ url }, { ca, awayMs: 100 }).environment()).rejects;
  await refusal(plain.url.replace("http:", "https:")).toThrow("The agent speaks no TLS: write http:// instead of");
  await refusal(secure.url.replace("https:", "http:")).toThrow("has a certificate, write https:// instead of http://.");
  await refusal(named.url).toThrow("Write the address as the certificate has it");
});
