/** Does each slice still compile to the child that was certified? */
import { UserError } from "../../base/user-error.js";
import { ledger } from "../../deploy/ledger.js";
import { verifyFile } from "../../deploy/verify-file.js";
import { verifyProbe } from "../../deploy/verify-probe.js";
import type { Verification } from "../../deploy/verify.js";
import { readSlices } from "./read-slices.js";

/** @throws UserError `format/slices` where the folder can't be read */
export async function verifySlices(folder: string): Promise<Verification> {
  const found = ledger();
  const slices = await readSlices(folder);
  for (const name of slices.names) {
    try {
      const { bytes, certificate } = await slices.slice(name);
      found.check(name, true, "compiles to the bytes that are certified");
      await verifyFile(bytes, certificate, found);
      await verifyProbe(bytes, certificate, found);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      found.check(name, false, error.message);
    }
  }
  return { file: folder, passed: found.passed, checks: found.checks };
}
