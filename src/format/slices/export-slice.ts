/** Writes a slice as the file and certificate that it was deployed from. */
import { writeFilesAtomic } from "../../base/atomic-file.js";
import { writeInTurn } from "../../base/folder-lock.js";
import { certificatePath, type Certificate } from "../../deploy/certificate.js";
import { checkOut } from "../../deploy/check-out.js";
import { readSlices } from "./read-slices.js";

/**
 * @param folder of slices
 * @param out the .onnx file to write; its certificate goes beside it
 * @throws UserError `deploy/out` when the name is no .onnx file, `format/slices` where the folder is none, has no slice of that name, or it
 * compiles to other bytes, `file/write`
 */
export async function exportSlice(folder: string, name: string, out: string): Promise<Certificate> {
  await checkOut(out);
  const { bytes, certificate, certificateBytes } = await (await readSlices(folder)).slice(name);
  const files = [[out, bytes] as const, [certificatePath(out), certificateBytes] as const];
  await writeInTurn(out, () => writeFilesAtomic(files));
  return certificate;
}
