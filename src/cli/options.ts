/** Reads flags: numbers are numbers, and say so where they are not. */
import { InvalidArgumentError } from "commander";

const number =
  (test: (value: number) => boolean, want: string) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === "" || !test(value)) throw new InvalidArgumentError(`Want ${want}.`);
    return value;
  };

export const wholeNumber = number((value) => Number.isSafeInteger(value) && value >= 0, "a whole number");
export const positiveWhole = number((value) => Number.isSafeInteger(value) && value > 0, "a whole number above 0");
export const positiveNumber = number((value) => value > 0 && Number.isFinite(value), "a number above 0");

/** For options that may stand several times. */
export const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];
