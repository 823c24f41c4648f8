/** Where a user's caches and data are (XDG base directories). Read at each call: tests and programs set the variables. */
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

/** What can be fetched again. */
export const cacheFolder = (): string => folderOf("XDG_CACHE_HOME", ".cache");

/** What was installed. */
export const dataFolder = (): string => folderOf("XDG_DATA_HOME", ".local/share");

/** An empty variable counts as unset, as the specification says. */
function folderOf(variable: string, underHome: string): string {
  const given = process.env[variable];
  return join(given !== undefined && given !== "" ? given : join(home(), underHome), "nestling");
}

/** A user without a home folder, as containers have them, has a temporary one. */
function home(): string {
  try {
    return homedir();
  } catch {
    return join(tmpdir(), `nestling-${process.getuid?.() ?? "home"}`);
  }
}
