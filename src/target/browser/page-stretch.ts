/** Rounds on a page. What a page that went away has timed is kept; the one that comes back times the rest. */
import type { Stretch, TimedRound } from "../target.js";
import type { ConnectedPage } from "./connected-page.js";
import type { PageModel, PageModels } from "./page-models.js";

export interface PageStretch {
  readonly rounds: readonly TimedRound[];
  /** Times what is missing, and may be called again on another page. */
  readonly rest: (page: ConnectedPage) => Promise<void>;
}

export function pageStretch(
  held: PageModels,
  models: readonly PageModel[],
  { visits, signal, ...stretch }: Stretch,
): PageStretch {
  const rounds: TimedRound[] = [];
  /** When the last round ended, without the time that no page was there. */
  let sinceMs = 0;
  return {
    rounds,
    async rest(page) {
      await held.restore(page, models);
      const names = await held.send(
        page,
        visits.map(({ input }) => input),
      );
      const asked = visits.map(({ dims }, i) => ({ model: models[i]!.id, dims, input: names[i]! }));
      await page.call(
        "rounds",
        { ...stretch, visits: asked, done: rounds.length, sinceMs },
        {
          signal,
          onRound({ atMs, endMs, times }) {
            rounds.push({ atMs, times });
            sinceMs = endMs;
          },
        },
      );
    },
  };
}
