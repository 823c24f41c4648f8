/** Reads a request's body into memory, within a size and a time. */
import type { IncomingMessage } from "node:http";

/** What a body was that was not read to its end. */
export class BodyFault extends Error {
  constructor(readonly fault: "large" | "slow" | "cut off") {
    super(`a request's body: ${fault}`);
  }
}

/**
 * @param most bytes
 * @throws BodyFault
 */
export function readBody(request: IncomingMessage, most: number, withinMs: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  return new Promise<Buffer>((resolve, reject) => {
    const done = (settle: () => void): void => {
      clearTimeout(timer);
      request.off("data", take);
      settle();
    };
    const fail = (fault: BodyFault["fault"]): void => done(() => reject(new BodyFault(fault)));
    const timer = setTimeout(() => fail("slow"), withinMs);
    const take = (chunk: Uint8Array): void => {
      length += chunk.length;
      if (length > most) fail("large");
      else chunks.push(chunk);
    };
    request.on("data", take);
    request.on("end", () => done(() => resolve(Buffer.concat(chunks))));
    request.on("error", () => fail("cut off"));
    // A connection that ends before the body does.
    request.on("close", () => fail("cut off"));
  });
}
