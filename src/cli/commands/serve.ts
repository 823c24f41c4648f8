/** nestling serve */
import { once } from "node:events";
import { Command } from "commander";
import { defaultServePort, startServer } from "../../serve/start-server.js";
import { fewWhole, portNumber, type CommonOptions } from "../options.js";
import { output } from "../output.js";

interface Options extends CommonOptions {
  readonly host: string;
  readonly port: number;
  readonly tokenFile?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly threads: number;
}

export const serveCommand = (): Command =>
  new Command("serve")
    .description(
      "Serve children by the Open Inference Protocol v2 over HTTP: for trying, edge boxes and tests. docs/serving.md.",
    )
    .argument("<child...>", ".onnx files that nestling exported, or folders that `nestling deploy` wrote")
    .option("--host <address>", "to listen on; others than this machine's own need --token-file", "127.0.0.1")
    .option("--port <n>", "to listen on; 0 for any that is free", portNumber, defaultServePort)
    .option("--token-file <file>", "the token that callers send as Authorization: Bearer")
    .option("--cert <file>", "certificate in PEM, for https")
    .option("--key <file>", "the certificate's key in PEM")
    .option("--threads <n>", "onnxruntime's threads for each model", fewWhole, 1)
    .addHelpText("after", "\nExample: nestling serve runs/full/children/macs-3M.onnx --port 8000")
    .action(async (children: readonly string[], { json, debug: _debug, ...options }: Options) => {
      const server = await startServer(children, options);
      const { url, models } = server;
      const terminal = output(json ?? false);
      terminal.result({ url, models }, `Listening on ${url}\nModels: ${models.join(", ")}`);
      try {
        await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM"), server.failed]);
        terminal.note("Ending: requests in flight are answered");
      } finally {
        await server.close();
      }
    });
