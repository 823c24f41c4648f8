import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { UserError } from "../../src/base/user-error.js";
import { ask, startWorker } from "../../src/base/worker.js";

function start(when: "start" | "order") {
  const worker = startWorker(join(import.meta.dirname, "failing-worker.mjs"), { when });
  onTestFinished(async () => {
    await worker.terminate();
  });
  return worker;
}

const mistake = "the device's memory is too small; want more. Buy some.";

test("a mistake of the user's stays one, and the worker answers the next question", async () => {
  const worker = start("order");
  const failed = await ask(worker, { order: "mistake" }).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(UserError);
  expect(failed).toMatchObject({ code: "engine/memory", message: mistake });
  const bug = await ask(worker, { order: "bug" }).catch((error: unknown) => error);
  expect(bug).not.toBeInstanceOf(UserError);
  expect(bug).toMatchObject({ message: "internal: a bug", cause: expect.stringContaining("failing-worker") as string });
  expect(await ask(worker, { order: "work" })).toBe("work");
  for (const order of ["end", "work"]) {
    await expect(ask(worker, { order })).rejects.toThrow("internal: a worker thread ended with code 3");
  }
});

test("a worker that fails at its start, before or while it is asked, fails the question", async () => {
  const asked = await ask(start("start"), { order: "work" }).catch((error: unknown) => error);
  expect(asked).toBeInstanceOf(UserError);
  expect(asked).toMatchObject({ code: "engine/memory", message: mistake });
  const ended = start("start");
  await new Promise((done) => ended.on("exit", done));
  await expect(ask(ended, { order: "work" })).rejects.toThrow(mistake);
});
