/** A machine whose onnxruntime is still to be fetched when a target is made. */
import { expect, test, vi } from "vitest";
import { anchor } from "../../src/evaluate/anchor.js";
import { localTarget } from "../../src/target/local.js";

vi.mock("../../src/runtime/onnxruntime.js", async (original) => ({
  ...(await original<object>()),
  onnxruntimeHere: () => undefined,
}));

test("a provider that it lacks is refused with those that it has, before a model reaches it", async () => {
  const target = localTarget({ provider: "qnn" });
  for (const use of [() => target.environment(), () => target.load(anchor().bytes)]) {
    await expect(use()).rejects.toMatchObject({ code: "target/provider" });
    await expect(use()).rejects.toThrow(/provider is qnn; want one of cpu, /);
  }
  expect((await localTarget().environment()).executionProvider).toBe("cpu");
});
