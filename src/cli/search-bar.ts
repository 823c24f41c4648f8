/** The progress of a search and of those that help it. */
import type { CrewProgress } from "../queue/crew.js";
import type { Output } from "./output.js";

/** A search's bar. */
export interface SearchBar {
  /** How far the search is. */
  search(done: number, total: number, detail: string): void;
  /** What workers have done beside it. */
  crew(progress: CrewProgress): void;
  stop(): void;
}

export function searchBar(terminal: Output): SearchBar {
  const bar = terminal.progress("search");
  let [done, total, detail] = [0, 0, ""];
  let crewed: CrewProgress | undefined;
  const show = (): void => {
    if (total === 0) return;
    const { workers = 0, ahead = 0 } = crewed ?? {};
    bar.update(done + ahead, total, crewed ? `${detail}; ${workers} worker${workers === 1 ? "" : "s"}` : detail);
  };
  return {
    search(nowDone, ofTotal, saying) {
      [done, total, detail] = [nowDone, ofTotal, saying];
      show();
    },
    crew(progress) {
      crewed = progress;
      show();
    },
    stop: bar.stop,
  };
}
