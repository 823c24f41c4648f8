/** Spaces and architectures with the types of the convnet family, for tests that look into them. */
import type { Architecture, SearchSpace } from "../../src/space/space.js";
import {
  architectureSchema,
  spaceSchema,
  type ConvnetArchitecture,
  type ConvnetData,
} from "../../src/supernet/convnet/schema.js";

export const convnetOf = ({ data }: SearchSpace): ConvnetData => spaceSchema.parse(data);
export const inConvnet = (architecture: Architecture): ConvnetArchitecture => architectureSchema.parse(architecture);
