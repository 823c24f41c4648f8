/** Search, then the best child of each budget as a file with its certificate. */
import { join } from "node:path";
import type { Run } from "../run/run.js";
import { withLatencyBench } from "../evaluate/latency.js";
import { architectureOf } from "../space/space.js";
import { searchRun, type SearchOptions } from "../search/search.js";
import type { SearchResult } from "../search/search-file.js";
import { withTarget } from "../target/local.js";
import type { Certificate } from "./certificate.js";
import { exportChild } from "./export-child.js";

/** What a search found, and the files of the best children. */
export interface SearchOutcome {
  readonly result: SearchResult;
  /** The best child under each budget that some child meets, with the path of its .onnx file. */
  readonly children: readonly { readonly budget: string; readonly path: string; readonly certificate: Certificate }[];
}

/**
 * Searches a run for the best child under each budget, and exports these children with their certificates. Latencies of both are of one
 * target, this machine by default.
 * @param options as the search takes them; `out`, by default the run's folder, gets search.json and children/<budget>.onnx with .json
 * @throws UserError `search/budget`, `search/impossible` before the work starts, `search/resume`, `deploy/…`, `space/…`, `runtime/model`, `target/…`,
 * `file/write`
 */
export async function search(
  run: Run,
  options: Omit<SearchOptions, "file"> & { readonly out?: string },
): Promise<SearchOutcome> {
  const { out = run.folder, ...rest } = options;
  return withTarget(options.target, async (target) => {
    const result = await searchRun(run, { ...rest, target, file: join(out, "search.json") });
    return withLatencyBench(target, {}, async (bench) => {
      const children = [];
      for (const { text, fileName } of options.budgets) {
        const chosen = result.chosen.find(({ budget }) => budget === text);
        if (!chosen) continue;
        const path = join(out, "children", `${fileName}.onnx`);
        const architecture = architectureOf(run.supernet.space, chosen.id);
        const recalibrationImages = result.recalibrationImages;
        const certificate = await exportChild(run, architecture, { out: path, bench, recalibrationImages });
        children.push({ budget: text, path, certificate });
      }
      return { result, children };
    });
  });
}
