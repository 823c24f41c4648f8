import { expect, test } from "vitest";
import { checkFitsMemory } from "../../src/data/fits-memory.js";

const bytes = 224 * 224 * 3;
const free = 2 ** 30;

test("pictures that fit are let through, up to 80 % of what is free", async () => {
  const most = Math.floor((0.8 * free) / bytes);
  await checkFitsMemory(most, bytes, free);
  await expect(checkFitsMemory(most + 1, bytes, free)).rejects.toMatchObject({ code: "data/memory" });
});

test("the refusal says what is needed, what is there, and the way out", async () => {
  await expect(checkFitsMemory(12_000, 1024 * 1024 * 3, free)).rejects.toMatchObject({
    message:
      "the data set is 12000 pictures of 3145728 bytes each, 35.2 GiB decoded; want at most 819.2 MiB, 80 % of the 1.0 GiB that are free. " +
      "Use smaller resolutions in the space, fewer pictures, or a machine or container with more memory.",
  });
});

test("no machine holds more than an array does", async () => {
  const pictures = 2 ** 40;
  await expect(checkFitsMemory(pictures, 2 ** 14, 2 ** 60)).rejects.toMatchObject({
    message: expect.stringContaining("an array of this Node.js holds") as string,
  });
});
