/** The contract of a format: a folder that one stack loads as it is. */
import type { Certificate } from "../deploy/certificate.js";

/** A child that was exported: its file and what is certified of it. */
export interface ShippedChild {
  /** The name that servers give the model: the file's, without `.onnx`. */
  readonly name: string;
  /** The .onnx file. */
  readonly bytes: Uint8Array;
  readonly certificate: Certificate;
  /** The certificate's file, byte for byte. */
  readonly certificateBytes: Uint8Array;
}

/** Files of a folder by their paths in it, with `/`. */
export type FolderFiles = Readonly<Record<string, string | Uint8Array>>;

/** A row of the table of formats. The same child gives the same files. */
export interface Format {
  /** What loads it, for people. */
  readonly says: string;
  files(child: ShippedChild): FolderFiles | Promise<FolderFiles>;
}
