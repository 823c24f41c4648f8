/** Checks that this machine computes what is certified: node check.js */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { probeDifference, type Probe } from "../classifier.js";
import { certificate, fileHere, run } from "./classify.js";

const say = (line: string, isRight: boolean): void => {
  process.stdout.write(`${line}\n`);
  process.exitCode = isRight ? 0 : 1;
};

const sha256 = createHash("sha256")
  .update(readFileSync(fileHere("model.onnx")))
  .digest("hex");
if (sha256 !== certificate.sha256) {
  say(`model.onnx is another file: its SHA-256 is ${sha256}, not ${certificate.sha256}`, false);
} else if (!existsSync(fileHere("probe.json"))) {
  say("The file is the certified one. Its certificate has no probe, so what it computes is not checked.", true);
} else {
  const probe = JSON.parse(readFileSync(fileHere("probe.json"), "utf8")) as Probe;
  const most = await probeDifference(run, certificate, probe, Buffer.from(probe.pixels, "base64"));
  const isRight = most <= probe.tolerance;
  const allowed = `${probe.tolerance.toExponential(1)} allowed`;
  say(`${isRight ? "ok" : "DIFFERS"}: largest difference ${most.toExponential(1)}, ${allowed}`, isRight);
}
