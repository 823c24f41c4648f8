/** A pack as a data set: the same one as its source, by its fingerprint. Pixels are read by position; nothing is decoded. */
import { access } from "node:fs/promises";
import { readDocument } from "../../base/document.js";
import { UserError } from "../../base/user-error.js";
import { makeDataset } from "../dataset.js";
import type { Dataset } from "../images.js";
import type { ImageWishes } from "../load-listing.js";
import { rulesHash } from "../preprocessing.js";
import { surveyOf } from "../survey.js";
import { indexIn, packKind } from "./pack-index.js";
import { openPart } from "./pack-images.js";
import { refusal } from "./refusal.js";

export const isPack = (folder: string): Promise<boolean> =>
  access(indexIn(folder)).then(
    () => true,
    () => false,
  );

/** @throws UserError `data/pack` where it is damaged, of another version, or without the size that is wished for */
export async function openPack(
  folder: string,
  { size, channels }: Pick<ImageWishes, "size" | "channels">,
): Promise<Dataset> {
  const index = await readDocument(indexIn(folder), packKind);
  if (index.preprocessing !== rulesHash(index.channels)) {
    throw new UserError("data/pack", {
      at: folder,
      got: `packed by nestling ${index.nestling}`,
      want: "pixels as this version of nestling prepares them",
      fix: "Pack the pictures again: nestling data pack.",
    });
  }
  if (channels !== index.channels) throw refusal(folder, index, `of ${index.channels} channels`, `${channels}`);
  const parts = {
    train: await openPart(folder, index, "train", size),
    test: await openPart(folder, index, "test", size),
  };
  const sizes = index.sizes.map((one) => one.size);
  const whole = index.pictures ? ", with whole pictures" : "";
  const layout = `a pack of ${index.source}, prepared at ${sizes.join(", ")} pixels${whole}`;
  const validation = index.validation && Uint32Array.from(index.validation);
  const notes = { layout, broken: index.broken, ...(validation && { validation }) };
  const { fingerprint, mean, std } =
    index.sizes.find((one) => one.size === size) ?? (await surveyOf(parts, validation));
  return makeDataset(folder, index.classes, parts, notes, { fingerprint, mean, std });
}
