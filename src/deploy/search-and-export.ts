/** Search, then the child chosen for each budget as a file with its certificate. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { lockFolder } from "../base/folder-lock.js";
import { defaultOpset } from "../compile/opsets.js";
import { defaultPrecision, precisionNames, precisionsOf, type PrecisionName } from "../compile/precisions.js";
import { defaultSeconds } from "../evaluate/latency.js";
import type { Run } from "../run/run.js";
import { judgedBy, searchRun, type SearchOptions } from "../search/search.js";
import type { SearchResult } from "../search/search-file.js";
import { subjectOf } from "../search/subject.js";
import { withTarget } from "../target/local.js";
import type { Certificate } from "./certificate.js";
import { checkOut } from "./check-out.js";
import { exportChildren } from "./export-child.js";
import type { JudgeOptions } from "./judge-child.js";

/** What a search found, and the files of the chosen children. */
export interface SearchOutcome {
  readonly result: SearchResult;
  /** The child chosen for each budget that some child meets, with the path of its .onnx file. */
  readonly children: readonly { readonly budget: string; readonly path: string; readonly certificate: Certificate }[];
  /**
   * Paths of .onnx files for the same budgets that were there before and that this search didn't write, since it chose another precision or nothing.
   * They are left as they are.
   */
  readonly earlier: readonly string[];
}

/** What to search for, and what becomes of the children that are chosen. */
export type SearchAndExportOptions = Omit<SearchOptions, "file"> &
  Pick<JudgeOptions, "withoutProbe" | "layoutWhy"> & { readonly out?: string };

/**
 * Searches a run for the child to choose under each budget, and exports these children with their certificates. Latencies of both are of one
 * target, this machine by default.
 * @param options as the search takes them; under a latency budget their latencies are those of its photo finish, and else of one session for all. `out`, by
 * default the run's folder, gets search.json and children/<budget>.onnx with .json (<budget>.float16.onnx in float16). Of several precisions, each
 * budget gets one file, in the precision that was chosen for it; what an earlier search wrote in another stays
 * @throws UserError `search/budget`, `search/impossible`, `search/validation`, `compile/opset`, `compile/precision` before the work starts, `search/resume`, `deploy/…`, `space/…`, `runtime/model`, `target/…`,
 * `file/write`, `file/locked` while another process searches into the folder
 */
export async function search(run: Run, options: SearchAndExportOptions): Promise<SearchOutcome> {
  const { out = run.folder } = options;
  const release = await lockFolder(out, "search");
  try {
    for (const { fileName } of options.budgets) {
      for (const precision of precisionsOf(options.precision ?? defaultPrecision)) {
        await checkOut(childIn(out, fileName, precision));
      }
    }
    return await searchInto(out, run, options);
  } finally {
    await release();
  }
}

/** `children/macs-5M.onnx`, in another precision than float32 `children/macs-5M.float16.onnx`. */
const childIn = (out: string, fileName: string, precision: PrecisionName): string =>
  join(out, "children", `${fileName}${precision === defaultPrecision ? "" : `.${precision}`}.onnx`);

function searchInto(out: string, run: Run, options: SearchAndExportOptions): Promise<SearchOutcome> {
  const { seconds, signal, opset, maxLoss, layoutWhy, differences, withoutProbe, crew } = options;
  const precisions = precisionsOf(options.precision ?? defaultPrecision);
  return withTarget(options.target, async (target) => {
    const { result, latencies, otherLatencies } = await searchRun(run, {
      ...options,
      target,
      file: join(out, "search.json"),
    });
    const limited = maxLoss === undefined ? {} : { maxLoss };
    const by = judgedBy(precisions, {
      ...limited,
      recalibrationImages: result.recalibrationImages,
      opset: opset ?? defaultOpset,
      seed: result.seed,
      seconds: seconds ?? defaultSeconds,
      differences: differences ?? "refused",
    });
    const chosen = options.budgets.flatMap(({ text, fileName }) => {
      const found = result.chosen.find(({ budget }) => budget === text);
      if (!found) return [];
      const { architecture, precision: own } = subjectOf(run.supernet.space, found.id);
      return [{ budget: text, architecture, own, path: childIn(out, fileName, own ?? precisions[0]!) }];
    });
    const certificates = await exportChildren(
      run,
      chosen.map(({ architecture, own, path }) => ({ architecture, out: path, ...(own && { precision: own }) })),
      {
        ...{ target, recalibrationImages: result.recalibrationImages, latencies, otherLatencies },
        ...limited,
        ...(by.precision && { precision: by.precision }),
        ...(options.otherTargets && { otherTargets: options.otherTargets }),
        ...(crew && { benchOf: (name: string) => crew.bench(name, by) }),
        ...(opset !== undefined && { opset }),
        ...(seconds !== undefined && { seconds }),
        ...(differences && { differences }),
        ...(withoutProbe !== undefined && { withoutProbe }),
        ...(layoutWhy !== undefined && { layoutWhy }),
        ...(signal && { signal }),
      },
    );
    const children = chosen.map(({ budget, path }, i) => ({ budget, path, certificate: certificates[i]! }));
    return { result, children, earlier: await earlierIn(out, options.budgets, chosen) };
  });
}

/** Files of these budgets that are there and were not written now. */
async function earlierIn(
  out: string,
  budgets: SearchOptions["budgets"],
  written: readonly { readonly path: string }[],
): Promise<string[]> {
  const now = new Set(written.map(({ path }) => path));
  const possible = budgets.flatMap(({ fileName }) => precisionNames.map((name) => childIn(out, fileName, name)));
  const isThere = await Promise.all(
    possible.map((path) =>
      stat(path).then(
        () => !now.has(path),
        () => false,
      ),
    ),
  );
  return possible.filter((_, i) => isThere[i]);
}
