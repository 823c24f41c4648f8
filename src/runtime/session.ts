/** onnxruntime sessions that are always released, with the options that decide results and times said in one place. */
import { UserError } from "../base/user-error.js";
import { needOnnxruntime, onnxruntime } from "./onnxruntime.js";

export interface SessionOptions {
  /** Intra-op threads; 0 lets onnxruntime take all cores. */
  readonly threads?: number;
  /** Execution provider, `cpu` by default: one of `listProviders`. */
  readonly provider?: string;
  /** `all` is what ships runs with; `disabled` runs the file node by node as written. */
  readonly optimization?: "all" | "disabled";
  /** Begin of a file's path: onnxruntime writes there which nodes ran, when profiling ends. */
  readonly profile?: string;
  /** Whether quantised nodes whose activations have signs are fused as on ARM. */
  readonly fusesSigned?: boolean;
}

export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Runs the model on one input, of float32 or of bytes; every output by name. */
  run(input: Float32Array | Uint8Array, dims: readonly number[]): Promise<ReadonlyMap<string, Float32Array>>;
  /** Writes the profile, where one was asked for. */
  endProfiling(): void;
  release(): Promise<void>;
}

/** @throws UserError `runtime/model` when onnxruntime refuses the model, `runtime/onnxruntime` when it is missing and can't be fetched */
export async function openSession(bytes: Uint8Array, options: SessionOptions = {}, at = "model"): Promise<Session> {
  const { threads = 1, provider = "cpu", optimization = "all", profile, fusesSigned = false } = options;
  const ort = await onnxruntime();
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: [provider],
    graphOptimizationLevel: optimization,
    intraOpNumThreads: threads,
    executionMode: "sequential",
    logSeverityLevel: 3,
    ...(profile !== undefined && { enableProfiling: true, profileFilePrefix: profile }),
    // Spinning threads would steal the cores of whatever is measured next.
    extra: { session: { intra_op: { allow_spinning: "0" }, ...(fusesSigned && { qdqisint8allowed: "1" }) } },
  }).catch((error: unknown) => {
    const got = `refused by onnxruntime (${(error as Error).message.split("\n")[0] ?? ""})`;
    throw new UserError(
      "runtime/model",
      {
        at,
        got,
        want: "an ONNX model that onnxruntime can load",
        fix:
          provider === "cpu"
            ? "The file is damaged or newer than this onnxruntime."
            : `Try the provider cpu: if it loads the file, ${provider} finds no device or no driver here.`,
      },
      { cause: error },
    );
  });
  const inputName = session.inputNames[0]!;
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(input, dims) {
      const tensor =
        input instanceof Uint8Array ? new ort.Tensor("uint8", input, dims) : new ort.Tensor("float32", input, dims);
      const outputs = await session.run({ [inputName]: tensor });
      return new Map(Object.entries(outputs).map(([name, tensor]) => [name, tensor.data as Float32Array]));
    },
    endProfiling: () => session.endProfiling(),
    release: () => session.release(),
  };
}

/** Opens a session, hands it over, and releases it whatever happens. */
export async function withSession<T>(
  bytes: Uint8Array,
  options: SessionOptions,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(bytes, options);
  try {
    return await use(session);
  } finally {
    await session.release();
  }
}

/** @throws UserError `runtime/onnxruntime` where it is missing */
export function onnxruntimeVersion(): string {
  const { versions } = needOnnxruntime().env;
  return versions.node ?? versions.common;
}

/**
 * Execution providers that this build of onnxruntime holds.
 * @throws UserError `runtime/onnxruntime` where it is missing
 */
export const listProviders = (): readonly { name: string; bundled: boolean }[] =>
  needOnnxruntime().listSupportedBackends();
