import { expect, test } from "vitest";
import { anchor } from "../../src/evaluate/anchor.js";
import { localTarget, withTarget } from "../../src/target/local.js";
import { withModel } from "../../src/target/target.js";
import { anchorSubject } from "./anchor-subject.js";
import { targetConformance } from "./conformance.js";

const { bytes } = anchor();

targetConformance("local", {
  open: () => localTarget(),
  ...anchorSubject,
});

test("its name says what differs from the defaults, its environment the threads and the provider", async () => {
  expect(localTarget().name).toBe("local");
  expect(localTarget({ threads: 1, provider: "cpu" }).name).toBe("local");
  const special = localTarget({ threads: 4, optimization: "disabled" });
  expect(special.name).toBe("local:threads=4:optimization=disabled");
  expect(await special.environment()).toMatchObject({ threads: 4, executionProvider: "cpu", node: process.version });
});

test("a provider that this onnxruntime lacks is refused, with those that it has", () => {
  expect(() => localTarget({ provider: "qnn" })).toThrow(/provider is qnn; want one of cpu, .*nestling doctor/);
});

test("a run that fails is a mistake in what was given", async () => {
  await withTarget(undefined, (target) =>
    withModel(target, bytes, async (model) => {
      await expect(model.run(new Float32Array(4), [4])).rejects.toMatchObject({ code: "target/run" });
    }),
  );
});

test("a target that is given stays open, this machine's own is closed afterwards", async () => {
  const given = localTarget({ threads: 2 });
  await withTarget(given, async (target) => expect(target).toBe(given));
  await given.close();
  const here = await withTarget(undefined, async (target) => target);
  expect(here.name).toBe("local");
  await expect(here.load(bytes)).rejects.toThrow("closed");
});
