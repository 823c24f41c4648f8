import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { cacheFolder, dataFolder } from "../../src/base/user-folders.js";

vi.mock(import("node:os"), { spy: true });

afterEach(() => vi.unstubAllEnvs());

test("XDG's variables say where, when they are set and not empty", () => {
  vi.stubEnv("HOME", "/home/u");
  vi.stubEnv("XDG_CACHE_HOME", "/cache");
  vi.stubEnv("XDG_DATA_HOME", undefined);
  expect([cacheFolder(), dataFolder()]).toEqual(["/cache/nestling", join("/home/u", ".local/share/nestling")]);
  vi.stubEnv("XDG_CACHE_HOME", "");
  vi.stubEnv("XDG_DATA_HOME", "");
  expect([cacheFolder(), dataFolder()]).toEqual([join("/home/u", ".cache/nestling"), "/home/u/.local/share/nestling"]);
});

test("a user without a home folder has a temporary one", () => {
  vi.stubEnv("XDG_CACHE_HOME", undefined);
  vi.mocked(homedir).mockImplementationOnce(() => {
    throw new Error("A system error occurred: uv_os_homedir returned ENOENT (no such file or directory)");
  });
  expect(cacheFolder()).toContain(join(tmpdir(), "nestling-"));
});
