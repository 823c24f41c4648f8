/** Which layout an int8 file has for a target: by what the target says of its runtime and processor. */
import { defaultLayout, type LayoutName } from "../compile/layouts.js";
import { int8For, int8LayoutOf, isInt8, type Int8Name, type PrecisionName } from "../compile/precisions.js";
import type { Environment } from "../target/environment.js";

/** The precision of an int8 file, and why its layout was chosen. */
export interface ChosenLayout {
  readonly precision: Int8Name;
  /** A clause: "pi has asimddp". */
  readonly why: string;
}

/** The first that holds decides: what computes before what it computes on. */
const rules: readonly {
  readonly layout: LayoutName;
  /** What in the environment asks for it, as what a target does: "has avx512_vnni". */
  readonly because: (environment: Environment) => string | undefined;
}[] = [
  { layout: "web", because: ({ browser }) => browser && "is a browser" },
  { layout: "tensorrt", because: ({ executionProvider }) => runsOn(executionProvider, "tensorrt") },
  { layout: "openvino", because: ({ executionProvider }) => runsOn(executionProvider, "openvino") },
  {
    layout: "arm",
    because: ({ os, cpuFlags }) => has(cpuFlags, /^asimd/) ?? (/\barm64$/.test(os) ? "is an arm64" : undefined),
  },
  { layout: "x64-vnni", because: ({ cpuFlags }) => has(cpuFlags, /_vnni$/) },
  {
    layout: defaultLayout,
    because: ({ cpuFlags }) => (cpuFlags.length > 0 ? "has no VNNI" : "doesn't say whether it has VNNI"),
  },
];

const runsOn = (provider: string, name: string): string | undefined =>
  provider.toLowerCase().includes(name) ? `runs on ${provider}` : undefined;

const has = (flags: readonly string[], wanted: RegExp): string | undefined => {
  const flag = flags.find((one) => wanted.test(one));
  return flag && `has ${flag}`;
};

/**
 * The int8 precision for a target, by its environment. One that says nothing of its processor gets the layout that is right on every x64 processor.
 * @param name the target's, for the sentence that says why
 */
export function int8ForTarget(name: string, environment: Environment): ChosenLayout {
  for (const { layout, because } of rules) {
    const why = because(environment);
    if (why !== undefined) return { precision: int8For(layout), why: `${name} ${why}` };
  }
  throw new Error("internal: the last rule holds for all");
}

/** Weights of 7 bits. */
const NEVER_OVERFLOWS = 63;

/**
 * What onnxruntime computes wrongly on an x64 processor that is known to have no VNNI: it adds two products in 16 bits there, which weights of 8 bits overflow.
 * Nothing for another precision or processor.
 */
export function overflowOn({ cpuFlags }: Pick<Environment, "cpuFlags">, precision: PrecisionName): string | undefined {
  if (!isInt8(precision) || int8LayoutOf(precision).largestWeight <= NEVER_OVERFLOWS) return undefined;
  if (!cpuFlags.includes("avx2") || has(cpuFlags, /_vnni$/)) return undefined;
  return `This processor has no VNNI, so that sums of ${precision} overflow here: its accuracy looks worse than it is where it belongs.`;
}
