/**
 * Ends a test run with `N passed, N failed, N skipped` alone on a line, the form every CI reader understands, and says before it which
 * tests were skipped and why: the note of `skip(note)`, or that the test is marked so.
 */
import type { Reporter, TestCase, TestModule, TestSuite } from "vitest/node";

export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const inState = (...states: string[]): TestCase[] => tests.filter((test) => states.includes(test.result().state));
    const skipped = inState("skipped", "pending");
    const lines = skipped.map(
      (test) => `skipped: ${test.module.relativeModuleId} > ${test.fullName}: ${reasonOf(test)}`,
    );
    // What fails outside of tests is no test, and is still a failure: a hook, a file that can't be loaded, a stray rejection.
    const broken = modules.flatMap((module) => [module, ...module.children.allSuites()]).filter(hasOwnErrors);
    const failed = inState("failed").length + broken.length + unhandledErrors.length;
    lines.push(`${inState("passed").length} passed, ${failed} failed, ${skipped.length} skipped`);
    process.stdout.write(`\n${lines.join("\n")}\n`);
  }
}

const hasOwnErrors = (part: TestModule | TestSuite): boolean => part.errors().length > 0;

function reasonOf(test: TestCase): string {
  const result = test.result();
  if (result.state === "skipped" && result.note !== undefined) return result.note;
  if (test.options.mode === "todo") return "to be written";
  return test.options.mode === "skip"
    ? "marked as skipped"
    : "its file or group failed, or another test is marked `only`";
}
