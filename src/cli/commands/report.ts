/** nestling report */
import { Command } from "commander";
import { writeReport } from "../../report/write-report.js";
import { output } from "../output.js";
import type { CommonOptions } from "../program.js";

export const reportCommand = (): Command =>
  new Command("report")
    .description("Rebuild RUN/report.html: one page, no network.")
    .argument("<run>", "folder of a run")
    .addHelpText("after", "\nExample: nestling report runs/full")
    .action(async (folder: string, { json }: CommonOptions) => {
      const written = await writeReport(folder);
      output(json ?? false).result(
        written,
        `Wrote ${written.file} (${written.candidates} architectures, ${written.children} children).`,
      );
    });
