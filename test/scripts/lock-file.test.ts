/**
 * What `npm ci` in a clone does to a machine. onnxruntime-node's install script fetches CUDA libraries that nestling doesn't use, and fails where it
 * can't reach them. npm ≥ 11.19 leaves it out by `allowScripts`; older ones run the scripts of what the lock file says has one.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
  packages: Record<string, { hasInstallScript?: boolean }>;
};

test("npm of any version leaves onnxruntime-node's install script out (npm install puts its hasInstallScript back: remove the line)", () => {
  expect(lock.packages["node_modules/onnxruntime-node"]).not.toHaveProperty("hasInstallScript");
  const { allowScripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
    allowScripts: Record<string, boolean>;
  };
  expect(allowScripts["onnxruntime-node"]).toBe(false);
});

test(".npmrc holds settings of npm's own alone, so that no command warns", () => {
  const settings = readFileSync(".npmrc", "utf8").split("\n").filter(Boolean);
  expect(settings).toEqual(["engine-strict=true"]);
});
