/** Whether a child's file is what the last search of its run chose: children/ also holds what earlier searches left, and what people export into it. */
import { defaultPrecision } from "../compile/precisions.js";
import type { SearchResult } from "../search/search-file.js";
import type { Certificate } from "./certificate.js";

type Named = Pick<Certificate, "id" | "precision" | "provenance">;

/** True also where there is no whole search that could tell. */
export function wasChosen(search: SearchResult | undefined, { id, precision, provenance }: Named): boolean {
  if (!search?.complete) return true;
  // Trained further since, the same architecture is another child.
  if (provenance.checkpoint !== search.checkpoint) return false;
  if (search.precisions) return search.chosen.some((one) => one.id === `${id}.${precision}`);
  return precision === (search.precision ?? defaultPrecision) && search.chosen.some((one) => one.id === id);
}
