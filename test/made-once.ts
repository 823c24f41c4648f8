/** What several test files start from, such as a trained run, is made by the first that asks; each gets a copy of its own. */
import { access, cp, mkdir, mkdtemp, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { inject } from "vitest";

/**
 * Copies into `to` what `make` has written into a folder, in this or another test file.
 * @param name of what is made
 */
export async function copyOfMadeOnce(name: string, to: string, make: (folder: string) => Promise<void>): Promise<void> {
  const shared = inject("sharedFolder");
  const made = join(shared, name);
  const failed = join(shared, `${name}.failed`);
  const first = await mkdir(join(shared, `${name}.claimed`)).then(
    () => true,
    () => false,
  );
  if (first) {
    const making = await mkdtemp(join(shared, "making-"));
    await make(making).catch(async (error: unknown) => {
      await writeFile(failed, "");
      throw error;
    });
    await rename(making, made);
  }
  while (!(await exists(made))) {
    if (await exists(failed)) throw new Error(`${name} could not be made: another test file says why`);
    await delay(50);
  }
  await cp(made, to, { recursive: true });
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
