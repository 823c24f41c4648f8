import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/exact/**"],
    testTimeout: 300_000,
    hookTimeout: 600_000,
    pool: "forks",
    globalSetup: ["test/made-once.setup.ts"],
    reporters: ["default", "./scripts/closing-line-reporter.ts"],
  },
});
