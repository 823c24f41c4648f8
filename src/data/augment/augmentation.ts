/** The augmentations of a recipe, and the order in which they change a picture. Each draws from a stream of its own, so that none changes another's. */
import { z } from "zod";
import { random, type Key } from "../../base/random.js";
import type { Picture } from "../pictures/picture.js";
import { automatic, automaticSchema } from "./automatic.js";
import { colorJitter, colorJitterSchema } from "./color-jitter.js";
import { cutmixSchema, mixupSchema } from "./mix.js";
import { randomErasingSchema } from "./random-erasing.js";
import { randomResizedCropSchema } from "./random-resized-crop.js";

export const augmentationSchema = z.strictObject({
  crop: z.number().int().min(0).max(1024).default(0).describe("Largest random shift in pixels."),
  flip: z.boolean().default(false).describe("Random horizontal mirror."),
  // What is left out stays left out, so that the recipes of earlier runs are what they were.
  randomResizedCrop: randomResizedCropSchema.optional(),
  colorJitter: colorJitterSchema.optional(),
  automatic: automaticSchema.optional(),
  randomErasing: randomErasingSchema.optional(),
  mixup: mixupSchema.optional(),
  cutmix: cutmixSchema.optional(),
});

/** How training changes pictures: nothing that isn't asked for. */
export type Augmentation = z.output<typeof augmentationSchema>;

/** Whether an image's pixels become others, and are not only moved. */
export const changesPixels = ({ randomResizedCrop, colorJitter, automatic }: Augmentation): boolean =>
  [randomResizedCrop, colorJitter, automatic].some((option) => option !== undefined);

/**
 * The pixels that an image is trained on, before it is shifted and mirrored. Its random part was taken when it was read (`Images.readParts`).
 * @param key of the random streams, the image's own index included
 * @returns the same picture where nothing changes it
 */
export function augmented(picture: Picture, options: Augmentation, key: readonly Key[]): Picture {
  let changed = picture;
  if (options.colorJitter) changed = colorJitter(changed, options.colorJitter, random(...key, "colorJitter"));
  if (options.automatic) changed = automatic(changed, options.automatic, random(...key, "automatic"));
  return changed;
}
