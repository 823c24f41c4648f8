import { freemem } from "node:os";
import { expect, test } from "vitest";
import { freeMemory } from "../../src/base/free-memory.js";
import { machineOf } from "../machine-files.js";
import { temporaryFolder } from "../temporary-folder.js";

test("without groups the machine's own memory counts", async () => {
  const free = await freeMemory(await temporaryFolder());
  expect(free / freemem()).toBeGreaterThan(0.5);
  expect(free / freemem()).toBeLessThan(2);
});

test("cgroup 2: what the limit leaves; pages of files are given back", async () => {
  const root = await machineOf({
    "proc/self/cgroup": "0::/\n",
    "sys/fs/cgroup/memory.max": "1000000\n",
    "sys/fs/cgroup/memory.current": "700000\n",
    "sys/fs/cgroup/memory.stat": "anon 200000\ninactive_file 500000\n",
  });
  expect(await freeMemory(root)).toBe(800_000);
});

test("cgroup 2: a group above may leave less, and `max` is no limit", async () => {
  const root = await machineOf({
    "proc/self/cgroup": "0::/user.slice/job\n",
    "sys/fs/cgroup/user.slice/memory.max": "5000\n",
    "sys/fs/cgroup/user.slice/memory.current": "4000\n",
    "sys/fs/cgroup/user.slice/job/memory.max": "max\n",
    "sys/fs/cgroup/user.slice/job/memory.current": "1\n",
  });
  expect(await freeMemory(root)).toBe(1000);
});

test("cgroup 1: the same by its own names, at the root where the path is of the machine outside", async () => {
  const root = await machineOf({
    "proc/self/cgroup": "4:cpu,memory:/docker/abc\n1:name=systemd:/docker/abc\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": "9000\n",
    "sys/fs/cgroup/memory/memory.usage_in_bytes": "8000\n",
    "sys/fs/cgroup/memory/memory.stat": "total_inactive_file 500\n",
  });
  expect(await freeMemory(root)).toBe(1500);
});

test("more used than allowed leaves nothing", async () => {
  const root = await machineOf({ "sys/fs/cgroup/memory.max": "10\n", "sys/fs/cgroup/memory.current": "20\n" });
  expect(await freeMemory(root)).toBe(0);
});
