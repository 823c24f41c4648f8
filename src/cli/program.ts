/** All commands: flags, help with an example, and one library call each. */
import { Command } from "commander";
import { version } from "../base/version.js";
import { refuseUnknownFirst } from "./unknown-first.js";

/** A command's module is loaded when it is needed: loading all takes longer than some of them run. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  init: async () => (await import("./commands/init.js")).initCommand(),
  data: async () => (await import("./commands/data.js")).dataCommand(),
  train: async () => (await import("./commands/train.js")).trainCommand(),
  search: async () => (await import("./commands/search.js")).searchCommand(),
  worker: async () => (await import("./commands/worker.js")).workerCommand(),
  export: async () => (await import("./commands/export.js")).exportCommand(),
  verify: async () => (await import("./commands/verify.js")).verifyCommand(),
  deploy: async () => (await import("./commands/deploy.js")).deployCommand(),
  serve: async () => (await import("./commands/serve.js")).serveCommand(),
  bench: async () => (await import("./commands/bench.js")).benchCommand(),
  profile: async () => (await import("./commands/profile.js")).profileCommand(),
  target: async () => (await import("./commands/target.js")).targetCommand(),
  agent: async () => (await import("./commands/agent.js")).agentCommand(),
  report: async () => (await import("./commands/report.js")).reportCommand(),
  space: async () => (await import("./commands/space.js")).spaceCommand(),
  engine: async () => (await import("./commands/engine.js")).engineCommand(),
  doctor: async () => (await import("./commands/doctor.js")).doctorCommand(),
};

/** @param name of the only command that is wanted; without a command of this name, all of them */
export async function program(name?: string): Promise<Command> {
  const root = new Command("nestling")
    .description("Train one supernet, search it, and ship any of its children as a verified ONNX file.")
    .version(version);
  const only = Object.entries(commands).filter(([known]) => known === name);
  for (const [, load] of only.length > 0 ? only : Object.entries(commands)) root.addCommand(await load());
  forEachCommand(root, (command) => {
    command.exitOverride().showHelpAfterError("(see --help)");
    if (command.commands.length === 0) {
      command.option("--json", "print one JSON object on stdout").option("--debug", "show stacks of failures");
      refuseUnknownFirst(command);
    }
  });
  return root;
}

function forEachCommand(command: Command, run: (command: Command) => void): void {
  run(command);
  for (const child of command.commands) forEachCommand(child, run);
}
