/** https, with a certificate and an authority of the test's own. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { request } from "node:https";
import { text } from "node:stream/consumers";
import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { authority } from "../authority.js";
import { aChild, serving } from "./served-child.js";

/** @param ca who is trusted */
async function get(url: string, ca: string): Promise<{ status: number | undefined; body: string }> {
  const asked = request(url, { ca, agent: false });
  asked.end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  return { status: answer.statusCode, body: await text(answer) };
}

test("over https the server is known by who signed its certificate; nobody else is answered", async () => {
  const [{ ca, signed }, other] = [await authority(), await authority()];
  const { url } = await serving([await aChild()], await signed("server"));
  expect(url).toMatch(/^https:/);
  const ready = `${url}/v2/models/child/ready`;
  expect(await get(ready, await readFile(ca, "utf8"))).toMatchObject({ status: 200 });
  await expect(get(ready, await readFile(other.ca, "utf8"))).rejects.toThrow("unable to verify the first certificate");
  await expect(fetch(ready.replace("https", "http"))).rejects.toThrow("fetch failed");
});

test("a certificate without its key, or with another's, is refused", async () => {
  const [child, { signed }] = [await aChild(), await authority()];
  const [one, other] = [await signed("one"), await signed("other")];
  await expect(serving([child], { cert: one.cert })).rejects.toThrow("key");
  await expect(serving([child], { cert: one.cert, key: other.key })).rejects.toThrow("key");
});
