import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cutLog, readLog } from "../../src/train/log.js";
import { temporaryFolder } from "../temporary-folder.js";

test("what is no line of a log is dropped: a half-written line, another value, zeros after a loss of power", async () => {
  const path = join(await temporaryFolder(), "log.jsonl");
  await writeFile(path, '{"step":1}\nnull\n7\n"step"\n[]\n{"step":2}\n{"step":3}\n\0\0\0\0\n{"st');
  expect(await readLog(path)).toEqual([{ step: 1 }, { step: 2 }, { step: 3 }]);
  await cutLog(path, 2);
  expect(await readLog(path)).toEqual([{ step: 1 }, { step: 2 }]);
});
