/** A seal is a field of a JSON file with the SHA-256 of all others: a damaged number is noticed as a missing brace is. */
import { sha256Of } from "./hash.js";

/** The field that holds a seal, and the text of the other fields that is hashed. */
export interface Seal<Field extends string = string> {
  readonly field: Field;
  readonly textOf: (fields: object) => string;
}

/** The same text for equal values, whatever order their keys were written in. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

/** For files that nestling alone writes: all fields as one line of JSON, in the order of the file. */
export const orderedSeal: Seal<"sha256"> = { field: "sha256", textOf: (fields) => JSON.stringify(fields) };

/** For files that other tools may write anew: the order of keys doesn't matter. */
export const canonicalSeal: Seal<"seal"> = { field: "seal", textOf: canonicalJson };

/** The fields with their seal last. A seal that they carry is replaced. */
export function sealed<T extends object, Field extends string>(
  fields: T,
  seal: Seal<Field>,
): T & Readonly<Record<Field, string>> {
  return Object.assign(without(fields, seal.field), { [seal.field]: sealOf(fields, seal) }) as T &
    Readonly<Record<Field, string>>;
}

/** Whether data carries its own seal. Give it as it was read: a schema's defaults and order would change the text. */
export const isSealed = (data: object, seal: Seal): boolean =>
  (data as Readonly<Record<string, unknown>>)[seal.field] === sealOf(data, seal);

const sealOf = (data: object, { field, textOf }: Seal): string => sha256Of(textOf(without(data, field)));

const without = (data: object, field: string): object =>
  Object.fromEntries(Object.entries(data).filter(([name]) => name !== field));
