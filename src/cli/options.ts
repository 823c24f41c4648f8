/** Reads flags: numbers are numbers, and say so where they are not. */
import { InvalidArgumentError } from "commander";
import { newestOpset, oldestOpset } from "../compile/opsets.js";

const number =
  (test: (value: number) => boolean, want: string) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === "" || !test(value)) throw new InvalidArgumentError(`Want ${want}.`);
    return value;
  };

const wholeFrom = (lowest: number, highest: number, want: string) =>
  number((value) => Number.isSafeInteger(value) && value >= lowest && value <= highest, want);

export const wholeNumber = wholeFrom(0, Number.MAX_SAFE_INTEGER, "a whole number");
/** Bounds keep what is counted in memory and in a checkpoint's numbers. */
export const positiveWhole = wholeFrom(1, 1e9, "a whole number from 1 to 1e9");
/** Threads, and images of a fixed batch: each costs memory at once. */
export const fewWhole = wholeFrom(1, 1024, "a whole number from 1 to 1024");
/** Height = width of pictures in pixels. */
export const pictureSide = wholeFrom(1, 4096, "a whole number of pixels from 1 to 4096");
export const positiveNumber = number((value) => value > 0 && value <= 1e6, "a number above 0, at most 1e6");
const twoOrMore = wholeFrom(2, 1e9, "auto, or a whole number from 2 to 1e9");
/** Images of a norm group. */
export const normGroupOf = (text: string): number | "auto" => (text === "auto" ? text : twoOrMore(text));
/** Fewer tell hardly anything; a search needs no more. */
export const someChildren = wholeFrom(3, 1000, "a whole number from 3 to 1000");
/** Points of accuracy. */
export const positivePoints = number((value) => value >= 0 && value <= 100, "points from 0 to 100");
/** 0 is any that is free. */
export const portNumber = wholeFrom(0, 65535, "a port from 0 to 65535");
/** One that a file can be written in. */
export const opsetNumber = wholeFrom(oldestOpset, newestOpset, `an opset from ${oldestOpset} to ${newestOpset}`);
/** Length of a latency session; an hour is more than any needs. */
export const sessionSeconds = number((value) => value > 0 && value <= 3600, "a number above 0, at most 3600");

/** A number, then its unit. */
const withUnit =
  (unit: string, [least, most]: readonly [number, number], want: string) =>
  (text: string): number => {
    const digits = text.slice(0, -unit.length);
    const value = Number(digits);
    if (!text.endsWith(unit) || !/^\d+(\.\d+)?$/.test(digits) || value < least || value > most) {
      throw new InvalidArgumentError(`Want ${want}.`);
    }
    return value;
  };

const percentage = withUnit("%", [0, Infinity], "a percentage such as 5%");
/** A share, written as `5%`. */
export const share = (text: string): number => percentage(text) / 100;
/** A rate, written as `30fps`. */
export const frameRate = withUnit("fps", [0.5, 1000], "frames in a second, such as 30fps, from 0.5fps to 1000fps");
/** A time in which a device may get hot, written as `60s`. */
export const lastingSeconds = withUnit("s", [10, 3600], "seconds, such as 60s, from 10s to 3600s");

/** --no-probe, of commands that write certificates. */
export const probeOption = [
  "--no-probe",
  "leave the probe, up to four test images and their logits, out of certificates",
] as const;

/** For options that may be given several times. */
export const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

/** --queue */
export const queueOption = [
  "--queue <url>",
  "Redis that workers share: redis://HOST:PORT, or rediss:// for TLS (docs/many-machines.md)",
] as const;

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly debug?: boolean;
}
