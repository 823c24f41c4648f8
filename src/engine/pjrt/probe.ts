/** The probe's process: `probe.js PLUGIN` makes a client, computes with it and prints the outcome, a `Probe` as JSON. */
import { UserError } from "../../base/user-error.js";
import { createClient } from "./client/client.js";
import { unfit } from "./client/plugin-errors.js";
import { missing, type Probe } from "./probe-process.js";
import type { StableProgram } from "./stablehlo/program.js";

/** A convolution, so that a GPU's libraries are needed. Small whole numbers are exact in every precision. */
const program: StableProgram = {
  name: "probe",
  text: `module @probe {
  func.func public @main(%x: tensor<1x4x4x1xf32>, %kernel: tensor<3x3x1x1xf32>) -> tensor<1x2x2x1xf32> {
    %0 = stablehlo.convolution(%x, %kernel) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[0, 0], [0, 0]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x4x4x1xf32>, tensor<3x3x1x1xf32>) -> tensor<1x2x2x1xf32>
    return %0 : tensor<1x2x2x1xf32>
  }
}`,
  inputs: [
    { element: "f32", shape: [1, 4, 4, 1] },
    { element: "f32", shape: [3, 3, 1, 1] },
  ],
  outputs: [{ element: "f32", shape: [1, 2, 2, 1] }],
  donated: [],
};

const upTo = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => i);
/** Pixels from 0 to 15 and weights from 0 to 8 give it. */
const wanted = [258, 294, 402, 438];

function probe(plugin: string): Probe {
  try {
    const client = createClient(plugin);
    const inputs = [client.upload(upTo(16), [1, 4, 4, 1]), client.upload(upTo(9), [3, 3, 1, 1])];
    const found = client.compile(program).run(inputs)[0]!.read().join();
    const { platform, description, memory, devices } = client;
    client.dispose();
    if (found !== wanted.join())
      throw unfit(plugin, `wrong: a convolution on ${description} gives ${found}`, wanted.join());
    return { state: "present", platform, description, memory, devices };
  } catch (error) {
    if (error instanceof UserError) return missing(error);
    throw error;
  }
}

process.stdout.write(`\n${JSON.stringify(probe(process.argv[2]!))}\n`);
