/** All commands: flags, help with an example, and one library call each. */
import { Command } from "commander";
import { version } from "../base/version.js";
import { benchCommand } from "./commands/bench.js";
import { doctorCommand } from "./commands/doctor.js";
import { engineCommand } from "./commands/engine.js";
import { exportCommand } from "./commands/export.js";
import { reportCommand } from "./commands/report.js";
import { searchCommand } from "./commands/search.js";
import { spaceCommand } from "./commands/space.js";
import { trainCommand } from "./commands/train.js";
import { verifyCommand } from "./commands/verify.js";

export function program(): Command {
  const root = new Command("nestling")
    .description("Train one supernet, search it, and ship any of its children as a verified ONNX file.")
    .version(version);
  const commands = [
    trainCommand,
    searchCommand,
    exportCommand,
    verifyCommand,
    benchCommand,
    reportCommand,
    spaceCommand,
    engineCommand,
    doctorCommand,
  ];
  for (const make of commands) root.addCommand(make());
  forEachCommand(root, (command) => {
    command.exitOverride().showHelpAfterError("(see --help)");
    if (command.commands.length === 0) {
      command.option("--json", "print one JSON object on stdout").option("--debug", "show stacks of failures");
    }
  });
  return root;
}

function forEachCommand(command: Command, run: (command: Command) => void): void {
  run(command);
  for (const child of command.commands) forEachCommand(child, run);
}
