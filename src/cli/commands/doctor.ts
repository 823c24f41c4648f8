/** nestling doctor */
import { Command } from "commander";
import { doctor } from "../../doctor/doctor.js";
import type { CommonOptions } from "../options.js";
import { output } from "../output.js";

export const doctorCommand = (): Command =>
  new Command("doctor")
    .description(
      "What this machine has: Node, cores, engines, onnxruntime's providers, latency profiles, data sets; what is missing and how to get it.",
    )
    .addHelpText("after", "\nExample: nestling doctor")
    .action(async ({ json }: CommonOptions) => {
      const findings = await doctor();
      const marks = { present: "ok     ", missing: "missing" };
      const lines = findings.map(({ name, state, detail }) => `${marks[state]} ${name}: ${detail}`);
      output(json ?? false).result({ findings }, lines.join("\n"));
    });
