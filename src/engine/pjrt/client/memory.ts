/**
 * C structs as PJRT's are: rows of words of 8 bytes, where enums, booleans and ints lie in the low bytes. So a struct is an array, and
 * none is declared a second time.
 */
import type Koffi from "koffi";

/** A number, an address, or an array whose address is meant. */
export type Word = number | bigint | NodeJS.ArrayBufferView;

export interface Memory {
  /** An array of words. It keeps the arrays that it points to. */
  readonly words: (values: readonly Word[]) => BigUint64Array;
  /**
   * A struct that begins with its size. A plugin built later knows more fields: it refuses a struct that is smaller than its own, and
   * takes zeros at the end of a larger one for fields that are not set.
   */
  readonly struct: (values: readonly Word[]) => BigUint64Array;
  /** A struct inside another, which has exactly its own size. */
  readonly innerStruct: (values: readonly Word[]) => Word[];
  /** A copy of text at an address. */
  readonly text: (address: bigint, bytes: bigint) => string;
  /** A copy of bytes at an address. */
  readonly bytes: (address: bigint, count: bigint) => Uint8Array;
  /** A copy of words at an address. */
  readonly read: (address: bigint, count: number) => BigUint64Array;
}

/** Size and extensions, which every struct begins with. */
export const HEAD = 2;
const PADDING = 32;

export function memoryOf(koffi: typeof Koffi): Memory {
  const pointees = new WeakMap<BigUint64Array, readonly Word[]>();
  const words = (values: readonly Word[]): BigUint64Array => {
    const array = BigUint64Array.from(values, (value) =>
      typeof value === "object" ? koffi.address(value) : BigInt(value),
    );
    pointees.set(array, values);
    return array;
  };
  return {
    words,
    struct: (values) =>
      words([(HEAD + values.length + PADDING) * 8, 0, ...values, ...new Array<number>(PADDING).fill(0)]),
    innerStruct: (values) => [(HEAD + values.length) * 8, 0, ...values],
    text: (address, bytes) => (bytes === 0n ? "" : Buffer.from(koffi.view(address, Number(bytes))).toString()),
    bytes: (address, count) => new Uint8Array(koffi.view(address, Number(count))).slice(),
    read: (address, count) => new BigUint64Array(koffi.view(address, count * 8)).slice(),
  };
}
