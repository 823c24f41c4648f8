/** Places that can't be written or read: a full disk, a read-only one, another user's. Root alone can make them: skipped elsewhere. */
import { execFileSync } from "node:child_process";
import { chmod, cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectRefused, runNestling, snapshot, type BadInput } from "./bad-input.js";
import { trainOn } from "./bad-data.js";
import { makeFinishedRun, searchArgs, shortly, trainArgs } from "./finished-run.js";

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

let folder: string;
let finishedRun: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nestling-places-"));
  finishedRun = await makeFinishedRun(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Mounts a disk in memory that holds the finished run; why not, where that can't be done. */
async function withDisk(work: (disk: string) => Promise<void>): Promise<string | undefined> {
  if (!isRoot) return "needs root to mount a disk";
  const disk = await mkdtemp(join(tmpdir(), "nestling-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], { stdio: "pipe" });
  } catch (error) {
    await rm(disk, { recursive: true });
    return `can't mount a disk here: ${(error as Error).message.split("\n").join(" ")}`;
  }
  try {
    await cp(finishedRun, join(disk, "run"), { recursive: true });
    await work(disk);
    return undefined;
  } finally {
    execFileSync("umount", [disk]);
    await rm(disk, { recursive: true });
  }
}

const fill = async (disk: string): Promise<void> => {
  await writeFile(join(disk, "filler"), Buffer.alloc(1 << 23)).catch(() => undefined);
  // The rest of the last page.
  await writeFile(join(disk, "last"), Buffer.alloc(1 << 16)).catch(() => undefined);
};
const close = (disk: string): void => {
  execFileSync("mount", ["-o", "remount,ro", disk]);
};

test.for([
  ["full", fill, /is not writable \(ENOSPC\); want free disk space/, "Free some space or choose another folder"],
  ["read-only", close, /is not writable \(EROFS\)/, "The file system is read-only: choose another folder."],
] as const)(
  "on a %s disk every command that writes is refused and leaves all as it was",
  async ([, spoil, found, fix], { skip }) => {
    const reason = await withDisk(async (disk) => {
      await spoil(disk);
      const before = await snapshot(disk);
      for (const args of [
        [...trainArgs(join(disk, "run")), "--out", join(disk, "new")],
        [...searchArgs(join(disk, "run")), "--out", join(disk, "found")],
        ["export", join(disk, "run"), "--arch", "smallest", "--out", join(disk, "run/child.onnx"), ...shortly],
        ["export", join(disk, "run"), "--arch", "smallest", "--out", join(disk, "new/child.onnx"), ...shortly],
        ["report", join(disk, "run")],
      ]) {
        await expectRefused({ name: args.join(" "), args, says: [found, fix] }, finishedRun, expect);
        expect(await snapshot(disk), args.join(" ")).toEqual(before);
      }
    });
    if (reason !== undefined) skip(reason);
  },
);

const forbidden: readonly (BadInput & { readonly path: string; readonly mode: number })[] = [
  {
    name: "training into another's folder",
    path: "",
    mode: 0o755,
    args: trainOn("fixtures/fashion-mnist"),
    says: ["not writable (EACCES)", "Change the permission"],
  },
  {
    name: "a child into another's folder",
    path: "",
    mode: 0o755,
    args: ["export", "run", "--arch", "smallest", "--out", "a.onnx", ...shortly],
    says: ["a.onnx is not writable (EACCES)", "Change the permission"],
  },
  {
    name: "a search into another's folder",
    path: "",
    mode: 0o755,
    args: [...searchArgs("run"), "--out", "found"],
    says: ["found/search.json is not writable (EACCES)"],
  },
  {
    name: "a report into another's folder",
    path: "",
    mode: 0o755,
    args: ["report", "run"],
    says: ["run/report.html is not writable (EACCES)"],
  },
  {
    name: "another's checkpoint",
    path: "run/checkpoint/checkpoint.json",
    mode: 0o600,
    args: ["export", "run", "--arch", "smallest", "--out", join(tmpdir(), "nestling-nobodys.onnx")],
    says: ["checkpoint.json is not readable (permission denied)"],
  },
  {
    name: "another's folder of checkpoints",
    path: "run/checkpoint",
    mode: 0o700,
    args: [...trainArgs("run"), "--resume"],
    says: ["run is not writable (EACCES)"],
  },
  {
    name: "another's log, at --resume",
    path: "run/log.jsonl",
    mode: 0o600,
    args: [...trainArgs("run"), "--resume"],
    says: ["run is not writable (EACCES)"],
  },
  {
    name: "another's log, in a report",
    path: "run/log.jsonl",
    mode: 0o600,
    args: ["report", "run"],
    says: ["run/log.jsonl is not readable (permission denied); want the log of the run"],
  },
  {
    name: "another's child",
    path: "run/child.onnx",
    mode: 0o600,
    args: ["verify", "run/child.onnx"],
    says: ["run/child.onnx is not readable (permission denied)"],
  },
  {
    name: "another's search",
    path: "run/search.json",
    mode: 0o600,
    args: [...searchArgs("run"), "--resume"],
    says: ["run/search.json is not writable (EACCES)"],
  },
  {
    name: "another's folder of data",
    path: "run/children",
    mode: 0o700,
    args: trainOn("run/children"),
    says: ["the data set run/children is not readable (permission denied)", "Change its permissions"],
  },
  {
    name: "another's space",
    path: "run/recipe.json",
    mode: 0o600,
    args: ["space", "check", "run/recipe.json"],
    says: ["run/recipe.json is not readable (permission denied)"],
  },
];

test.for(forbidden)("$name is refused to somebody else", async ({ path, mode, ...input }, { skip }) => {
  const nobody = isRoot ? await runNestling(["--version"], { uid: NOBODY }) : undefined;
  if (nobody?.status !== 0)
    skip(isRoot ? "the user nobody can't read this repository" : "needs root to act as another user");
  const prepare: BadInput["prepare"] = async (place) => {
    await place.copyRun();
    await chmod(place.folder, 0o755);
    if (path !== "") await chmod(join(place.folder, path), mode);
  };
  await expectRefused({ ...input, prepare, uid: NOBODY }, finishedRun, expect);
});
