/** nestling agent */
import { once } from "node:events";
import { Command } from "commander";
import { defaultPort, startAgent } from "../../target/agent/start-agent.js";
import { portNumber, type CommonOptions } from "../options.js";
import { output } from "../output.js";

interface Options extends CommonOptions {
  readonly host: string;
  readonly port: number;
  readonly tokenFile?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly clientCa?: string;
}

export const agentCommand = (): Command =>
  new Command("agent")
    .description("Makes this machine a target of others: it runs and times the models that they send. docs/agent.md.")
    .option("--host <address>", "to listen on; others than this machine's own need --cert and --key", "127.0.0.1")
    .option("--port <n>", "to listen on; 0 for any that is free", portNumber, defaultPort)
    .option("--token-file <file>", "its callers' token (default: made once, kept in the user's data folder)")
    .option("--cert <file>", "certificate in PEM, for https")
    .option("--key <file>", "the certificate's key in PEM")
    .option("--client-ca <file>", "only callers with a certificate that this authority signed (PEM)")
    .addHelpText("after", "\nExample: nestling agent --host 0.0.0.0 --cert agent.pem --key agent.key")
    .action(async ({ json, debug: _debug, ...options }: Options) => {
      const agent = await startAgent(options);
      const { url, tokenFile, newToken } = agent;
      const terminal = output(json ?? false);
      terminal.result(
        { url, tokenFile },
        [
          `Listening on ${url}`,
          newToken === undefined
            ? `Token: in ${tokenFile}`
            : `Token, shown this once and kept in ${tokenFile}:\n${newToken}`,
        ].join("\n"),
      );
      await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
      terminal.note("Ending");
      await agent.close();
    });
