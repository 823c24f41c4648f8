/** `npm run test:exact`: the contracts at full size, minutes instead of seconds; `verbose` prints the differences found. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/exact/**/*.test.ts"],
    testTimeout: 1_800_000,
    pool: "forks",
    globalSetup: ["test/made-once.setup.ts"],
    reporters: ["verbose", "./scripts/closing-line-reporter.ts"],
  },
});
