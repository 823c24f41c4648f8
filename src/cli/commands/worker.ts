/** nestling worker */
import { once } from "node:events";
import { Command } from "commander";
import { checkQueue } from "../../queue/redis.js";
import { startWorker } from "../../queue/worker.js";
import { collect, queueOption, type CommonOptions } from "../options.js";
import { onTargets, tokenOption, type TargetFlags } from "../on-target.js";
import { openOn } from "../open-on.js";
import { output } from "../output.js";

interface Options extends CommonOptions, TargetFlags {
  readonly queue: string;
  readonly data?: string;
}

export const workerCommand = (): Command =>
  new Command("worker")
    .description("Judge children for searches of the same run, on this machine or others. Ends with Ctrl-C.")
    .argument("<run>", "a copy of the search's run")
    .requiredOption(...queueOption)
    .option(
      "--target <target>",
      "measure latency on it, and nothing else; may be given several times (default: judge accuracy)",
      collect,
    )
    .option(...tokenOption)
    .option("--data <source>", "the run's data set, where it lies now")
    .addHelpText("after", "\nExample: nestling worker runs/full --queue redis://redis.lan:6379")
    .action(async (folder: string, { queue, data, json, ...where }: Options) => {
      const terminal = output(json ?? false);
      await onTargets(where.target ?? [], where, terminal, async (opened) => {
        // Before the pictures are read.
        await checkQueue(queue);
        const run = await openOn(terminal, folder, data);
        const done = { judged: 0, measured: 0 };
        const worker = await startWorker(run, {
          queue,
          targets: opened,
          onNote: (line) => terminal.note(line),
          onJob({ kind, ids }) {
            const what = ids.length === 1 ? ids[0]! : `${ids.length} children`;
            if (kind === "compute") {
              terminal.note(`Computed the probe of ${what}`);
              return;
            }
            const isLatency = kind === "time" || kind === "decide";
            done[isLatency ? "measured" : "judged"] += ids.length;
            terminal.note(`${isLatency ? "Measured" : "Judged"} ${what}`);
          },
        });
        terminal.note(
          opened.length > 0
            ? `Measuring latency on ${opened.map(({ name }) => name).join(", ")} for searches of ${folder}`
            : `Judging children for searches of ${folder}`,
        );
        await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
        terminal.note("Ending after the job at hand; once more to end at once");
        const again = (): void => process.exit(130);
        process.once("SIGINT", again);
        await worker.close();
        process.off("SIGINT", again);
        terminal.result(done, `Judged ${done.judged} children, measured ${done.measured}.`);
      });
    });
