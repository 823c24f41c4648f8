import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/exact/**"],
    testTimeout: 300_000,
    hookTimeout: 600_000,
    pool: "forks",
    // Many tests wait for a process of their own: on two cores, two files at once take little more than half the time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    globalSetup: ["test/made-once.setup.ts"],
    reporters: ["default", "./scripts/closing-line-reporter.ts"],
  },
});
