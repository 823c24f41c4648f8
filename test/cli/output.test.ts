/** Stderr where it is no terminal: a log, a pipe, or mpirun. */
import { afterEach, expect, test, vi } from "vitest";
import { output, reportError } from "../../src/cli/output.js";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** What is written when each of 20 pictures takes so many ms. */
function linesOfReading(ms: number): string[] {
  vi.useFakeTimers({ toFake: ["performance"] });
  const written: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => written.push(String(text)) > 0);
  const reading = output(false).reading();
  for (let done = 1; done <= 20; done++) {
    vi.advanceTimersByTime(ms);
    reading.update(done, 20);
  }
  reading.stop();
  return written;
}

test("a set that is read in seconds leaves no line in a log", () => {
  expect(linesOfReading(200)).toEqual([]);
});

test("of a set that takes long, a log has a line each five seconds", () => {
  expect(linesOfReading(1000)).toEqual(["read 5/20\n", "read 10/20\n", "read 15/20\n", "read 20/20\n"]);
});

test("what failed on a rank is one write, since mpirun puts other processes' lines between two", () => {
  const written: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => written.push(String(text)) > 0);
  expect(reportError(new Error("no room"), { json: false, debug: false, prefix: "On a, rank 0 of 2: " })).toBe(1);
  expect(written).toEqual(["On a, rank 0 of 2: nestling failed: no room\nRun it again with --debug to see where.\n"]);
});
