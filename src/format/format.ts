/** The contract of a format: a folder that one stack loads as it is. */
import type { Certificate } from "../deploy/certificate.js";

/** A file that was exported, and what is certified of it. */
export interface ShippedFile {
  /** The .onnx file. */
  readonly bytes: Uint8Array;
  readonly certificate: Certificate;
  /** The certificate's file, byte for byte. */
  readonly certificateBytes: Uint8Array;
}

/** A child that was exported. */
export interface ShippedChild extends ShippedFile {
  /** The name that servers give the model: the file's, without `.onnx`. */
  readonly name: string;
  /** The same child in other precisions; none but for a format that takes several. */
  readonly others: readonly ShippedFile[];
}

/** Files of a folder by their paths in it, with `/`. */
export type FolderFiles = Readonly<Record<string, string | Uint8Array>>;

/** What a file computes against what the certified one does. */
export interface Comparison {
  /** The largest. */
  readonly difference: number;
  readonly allowed: number;
  /** What was compared, in words. */
  readonly of: string;
}

/** A row of the table of formats. The same child gives the same files. */
export interface Format {
  /** What loads it, for people. */
  readonly says: string;
  /** The files of one child in several precisions make one folder, not a folder each. */
  readonly takesPrecisions?: true;
  /** It refuses a child in another precision. */
  readonly onlyFloat32?: true;
  /** Packages whose files lie in its folders; the parts list names them. */
  readonly carries?: readonly string[];
  /** Paths of files that it computes from the certified one, and that compute what that does; the provenance names them, too. */
  readonly makes?: readonly string[];
  /**
   * Asked before anything is written.
   * @throws UserError where this machine lacks what its folders hold
   */
  readonly needs?: () => Promise<unknown>;
  files(child: ShippedChild): FolderFiles | Promise<FolderFiles>;
  /**
   * For a format whose folders hold a file that computes what the certified one does, and isn't that: how near it is. Asked when it is written,
   * and by `verify`.
   * @param read gives a file of the folder
   */
  readonly compare?: (child: ShippedChild, read: (path: string) => Promise<Uint8Array>) => Promise<Comparison>;
}
