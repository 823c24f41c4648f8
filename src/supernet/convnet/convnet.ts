/** The family of convolutional networks: a stem, stages of blocks, a head. */
import type { Family } from "../family.js";
import { buildNetwork } from "./network.js";
import { partsOf } from "./parts.js";
import { problemsOf } from "./problems.js";
import { architectureSchema, spaceSchema, type ConvnetData } from "./schema.js";

export const convnet: Family<ConvnetData> = {
  schema: spaceSchema,
  architectureSchema,
  problemsOf,
  partsOf,
  build: buildNetwork,
};
