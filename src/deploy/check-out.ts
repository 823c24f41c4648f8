/** Where a child goes, checked before it is measured. */
import { checkPlace } from "../base/check-place.js";
import { UserError } from "../base/user-error.js";
import { certificatePath } from "./certificate.js";

/**
 * @param out the .onnx file to write; its certificate goes beside it
 * @throws UserError `deploy/out` where the name is no .onnx file's, `file/write` where one of the two can't be written
 */
export async function checkOut(out: string): Promise<void> {
  if (!out.endsWith(".onnx")) {
    const want = "a name that ends in .onnx";
    throw new UserError("deploy/out", { at: "the file to write", got: out, want, fix: `Use ${out}.onnx.` });
  }
  for (const path of [out, certificatePath(out)]) await checkPlace(path);
}
