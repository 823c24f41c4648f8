/** A family of networks: the format of its space files, what can be chosen in them, and the elastic graph that they describe. */
import type { z } from "zod";
import type { Problem } from "../base/user-error.js";
import type { Graph } from "../graph/graph.js";
import type { Architecture } from "../space/architecture.js";
import type { Part } from "../space/choices.js";
import type { SearchSpace, SpaceData } from "../space/space.js";
import type { Elastic } from "./elastic.js";

export interface Family<Data extends SpaceData> {
  /** Validates a space file; gives its defaults and its documentation. */
  readonly schema: z.ZodType<Data>;
  /** Validates the form of an architecture's file. */
  readonly architectureSchema: z.ZodType<Architecture>;
  /** What the fields allow one by one but not together. `at` names the file. */
  problemsOf(data: Data, at: string): readonly Problem[];
  /** Everything that an architecture chooses. */
  partsOf(data: Data): readonly Part[];
  /** The supernet's graph; every elastic dimension is made by `elastic`. */
  build(space: SearchSpace<Data>, elastic: Elastic): Graph;
}
