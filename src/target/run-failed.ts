/** A run that the runtime gives up: the model or its input is at fault, wherever it runs. */
import { machineLimit } from "../base/machine-limit.js";
import { UserError } from "../base/user-error.js";

/** @returns UserError `target/run`, or the machine's limit that it comes from */
export function runFailed(error: Error): UserError {
  const [got = ""] = error.message.trim().split("\n");
  const fix = "Check the input's dimensions against the model's: what is free is 1.";
  return (
    machineLimit(error) ??
    new UserError(
      "target/run",
      { at: "the run", got: `given up (${got})`, want: "a run without failure", fix },
      { cause: error },
    )
  );
}
