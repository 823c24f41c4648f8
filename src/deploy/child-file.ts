/** The .onnx file of an exported child, as users name it. */
import { UserError } from "../base/user-error.js";
import { readUserBytes, type Mistake } from "../base/user-file.js";

/** @throws UserError `deploy/missing` where it can't be read, or has another name than the files that are exported */
export async function readChildFile(path: string): Promise<Uint8Array> {
  const wanted: Mistake = { code: "deploy/missing", want: "an .onnx file", fix: "Export one with `nestling export`." };
  const bytes = await readUserBytes(path, wanted);
  // The certificate's name is made from the file's.
  if (!path.endsWith(".onnx")) {
    const { code, want, fix } = wanted;
    throw new UserError(code, { at: path, got: "a file of another name", want, fix });
  }
  return bytes;
}
