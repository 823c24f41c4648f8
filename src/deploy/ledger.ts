/** What a verification found, check by check. */

/** One check of a verification. */
export interface Check {
  readonly name: string;
  /** noted: reported for comparison; it decides nothing. */
  readonly verdict: "passed" | "failed" | "skipped" | "noted";
  /** What was found, or what is missing to check it. */
  readonly detail: string;
}

export interface Ledger {
  readonly checks: readonly Check[];
  readonly passed: boolean;
  check(name: string, right: boolean, detail: string): void;
  skip(name: string, detail: string): void;
  note(name: string, detail: string): void;
}

export function ledger(): Ledger {
  const checks: Check[] = [];
  return {
    checks,
    get passed() {
      return checks.every(({ verdict }) => verdict !== "failed");
    },
    check: (name, right, detail) => checks.push({ name, verdict: right ? "passed" : "failed", detail }),
    skip: (name, detail) => checks.push({ name, verdict: "skipped", detail }),
    note: (name, detail) => checks.push({ name, verdict: "noted", detail }),
  };
}
