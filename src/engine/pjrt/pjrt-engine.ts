/** The engine `pjrt`: graphs lowered to StableHLO, which a PJRT plugin compiles for its device. */
import { layoutOf, viewsOf } from "../../graph/layout.js";
import type { PlainGraph } from "../../graph/graph.js";
import type { Arrays, Engine, Program, ProgramSize } from "../engine.js";
import { createClient, type DeviceBuffer, type Executable, type PjrtClient } from "./client/client.js";
import type { Lowering } from "./lowering/lowering.js";
import { plainPrograms, type PlainPrograms } from "./lowering/plain.js";
import { residentSupernet } from "./resident/resident.js";

/**
 * The device is taken by the first graph, not before: a process has one client, and the thread that trains makes it.
 * @param plugin path of its shared library
 * @param given how graphs are lowered; by default as the plugin's platform has them fastest, exact to float32
 */
export function createPjrtEngine(
  plugin: string,
  { name, description }: Pick<Engine, "name" | "description">,
  given: Partial<Lowering> = {},
): Engine {
  let made: PjrtClient | undefined;
  const client = (): PjrtClient => (made ??= createClient(plugin));
  const lowering = (): Lowering => ({
    backend: given.backend ?? (client().platform === "cpu" ? "cpu" : "accelerator"),
    precision: given.precision ?? "float32",
  });
  return {
    ...{ name, description },
    compile: (graph, size) => plainProgram(client(), lowering(), graph, size),
    resident: (options) => residentSupernet(client(), lowering(), options),
    dispose() {
      made?.dispose();
      made = undefined;
    },
  };
}

/** Each way is compiled when it is first gone, with factors for dropout or without: that takes seconds for a large graph. */
function plainProgram(
  client: PjrtClient,
  lowering: Lowering,
  graph: PlainGraph<"trained">,
  size: ProgramSize,
): Program {
  const layout = layoutOf(graph);
  const { batch, resolution } = size;
  const compiled = new Map<string, Executable>();
  /** Inputs of the last forward pass. */
  let given: DeviceBuffer[] = [];
  let features = 0;
  const executable = (way: keyof PlainPrograms): Executable => {
    const key = `${way} ${features}`;
    const program = compiled.get(key) ?? client.compile(plainPrograms(graph, size, { lowering, features })[way]());
    compiled.set(key, program);
    return program;
  };
  const forget = (): void => {
    for (const buffer of given) buffer.dispose();
    given = [];
  };
  const firstOutput = (executable: Executable, inputs: readonly DeviceBuffer[]): Float32Array => {
    const [output] = executable.run(inputs);
    const values = output!.read();
    output!.dispose();
    return values;
  };
  const flatOf = (weights: Arrays): Float32Array => {
    const flat = new Float32Array(layout.length);
    for (const [name, view] of viewsOf(layout, flat)) view.set(weights.get(name)!);
    return flat;
  };
  return {
    async forward(weights, images, dropout) {
      forget();
      features = dropout ? dropout.length / batch : 0;
      given = [
        client.upload(flatOf(weights), [layout.length]),
        client.upload(images, [batch, resolution, resolution, graph.input.channels]),
        ...(dropout ? [client.upload(dropout, [batch, features])] : []),
      ];
      return firstOutput(executable("forward"), given);
    },
    async backward(gradient) {
      if (given.length === 0) throw new Error("internal: backward without a forward");
      const last = client.upload(gradient, [batch, gradient.length / batch]);
      const flat = firstOutput(executable("backward"), [...given, last]);
      last.dispose();
      forget();
      return viewsOf(layout, flat);
    },
    dispose() {
      forget();
      for (const each of compiled.values()) each.dispose();
    },
  };
}
