/** A family of networks: its space file's format, the choices in it, and the elastic graph that it describes. */
import type { z } from "zod";
import type { Problem } from "../base/user-error.js";
import type { ElasticGraph } from "../graph/graph.js";
import type { Architecture } from "../space/architecture.js";
import type { Part } from "../space/choices.js";
import type { SearchSpace, SpaceData } from "../space/space.js";
import type { Elastic } from "./elastic.js";

export interface Family<Data extends SpaceData> {
  /** Validates a space file, fills in its defaults and documents its fields. */
  readonly schema: z.ZodType<Data>;
  /** Validates the form of an architecture's file. */
  readonly architectureSchema: z.ZodType<Architecture>;
  /** Fields that are valid one by one but not together. `at` names the file in messages. */
  problemsOf(data: Data, at: string): readonly Problem[];
  /** Everything that an architecture chooses. */
  partsOf(data: Data): readonly Part[];
  /** Builds the supernet's graph, making every elastic dimension with `elastic`. */
  build(space: SearchSpace<Data>, elastic: Elastic): ElasticGraph;
}
