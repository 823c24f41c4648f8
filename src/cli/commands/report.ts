/** nestling report */
import { Command } from "commander";
import { writeReport } from "../../report/write-report.js";
import type { CommonOptions } from "../options.js";
import { output } from "../output.js";

export const reportCommand = (): Command =>
  new Command("report")
    .description("Rebuild RUN/report.html from what lies in the run's folder.")
    .argument("<run>", "folder of a run, or one that search --out wrote")
    .addHelpText("after", "\nExample: nestling report runs/full")
    .action(async (folder: string, { json }: CommonOptions) => {
      const path = await writeReport(folder);
      output(json ?? false).result({ path }, `Wrote ${path}`);
    });
