/** The supernet: one elastic graph for a search space, and the sizes that each architecture has in it. The graph is built once. */
import type { ElasticGraph } from "../graph/graph.js";
import type { Setting } from "../graph/values.js";
import { verify } from "../graph/verify.js";
import type { Architecture } from "../space/architecture.js";
import type { SearchSpace } from "../space/space.js";
import { elasticRegistry } from "./elastic.js";
import { familyOf } from "./families.js";

/** A space's elastic graph, and the sizes that each architecture has in it. */
export interface Supernet {
  readonly space: SearchSpace;
  readonly graph: ElasticGraph;
  /** The sizes, kernels and gates of an architecture, which must belong to the space. */
  settingOf(architecture: Architecture): Setting;
}

/**
 * Builds the supernet of a space. Its graph holds no weights: `initialize` makes them.
 * @throws UserError `space/family` for a family that this version does not know
 */
export function buildSupernet(space: SearchSpace): Supernet {
  const family = familyOf(space.data, space.name);
  const elastic = elasticRegistry();
  // `space.data` may be any family's; parsing it again gives it the type of its own family.
  const data = family.schema.parse(space.data);
  const graph = verify(family.build({ ...space, data }, elastic));
  return { space, graph, settingOf: elastic.settingOf };
}
