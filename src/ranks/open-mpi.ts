/**
 * Ranks over Open MPI: the eight functions of libmpi that a job needs, called through koffi. The calls block the main thread, which has
 * nothing else to do in them: worker threads never call MPI. A failed call ends the job inside Open MPI (its default error handler).
 */
import { createRequire } from "node:module";
import type Koffi from "koffi";
import { UserError } from "../base/user-error.js";
import { alone, type Numbers, type Ranks } from "./ranks.js";

/** The ABI of Open MPI 3, 4 and 5. */
const LIBRARY = "libmpi.so.40";
const THREAD_FUNNELED = 1;
/** MPI_IN_PLACE. */
const IN_PLACE = 1n;

/** mpirun sets the one; `srun --mpi=pmix` the other. */
const underMpi = (): boolean =>
  process.env["OMPI_COMM_WORLD_SIZE"] !== undefined || process.env["PMIX_RANK"] !== undefined;

let opened: Ranks | undefined;

/**
 * The job this process belongs to: `alone` where no mpirun started it.
 * @throws UserError `ranks/mpi` where mpirun did, and koffi or Open MPI's library is missing
 */
export function openRanks(): Ranks {
  return (opened ??= underMpi() ? joinJob(loadLibrary()) : alone);
}

function loadLibrary(): Library {
  try {
    const koffi = createRequire(import.meta.url)("koffi") as typeof Koffi;
    const library = koffi.load(LIBRARY);
    return {
      call: (definition) => library.func(definition) as Call,
      address: (symbol) => koffi.address(library.symbol(symbol)),
    };
  } catch (cause) {
    const problem = {
      at: "mpirun",
      got: `a job without ${LIBRARY} or the npm package koffi (${(cause as Error).message})`,
      want: "both on every machine",
      fix: "On Debian: apt-get install openmpi-bin; koffi comes with npm install unless optional packages are left out.",
    };
    throw new UserError("ranks/mpi", problem, { cause });
  }
}

type Argument = number | bigint | null | number[] | Int32Array | Numbers;

type Call = (...values: Argument[]) => number;

interface Library {
  readonly call: (definition: string) => Call;
  readonly address: (symbol: string) => bigint;
}

function joinJob({ call, address }: Library): Ranks {
  const world = address("ompi_mpi_comm_world");
  const byte = address("ompi_mpi_byte");
  const broadcast = call("int MPI_Bcast(void *array, int count, void *type, int root, void *comm)");
  const gather = call(
    "int MPI_Allgatherv(void *from, int count, void *type, void *into, int *counts, int *offsets, void *type, void *comm)",
  );
  const exchange = call(
    "int MPI_Alltoallv(void *from, int *counts, int *offsets, void *type, void *into, int *counts, int *offsets, void *type, void *comm)",
  );
  const barrier = call("int MPI_Barrier(void *comm)");
  const finalize = call("int MPI_Finalize()");
  const abort = call("int MPI_Abort(void *comm, int code)");
  const asked = (definition: string): number => {
    const answer = [0];
    call(definition)(world, answer);
    return answer[0]!;
  };

  call("int MPI_Init_thread(void *argc, void *argv, int required, _Out_ int *provided)")(
    null,
    null,
    THREAD_FUNNELED,
    [0],
  );
  return {
    rank: asked("int MPI_Comm_rank(void *comm, _Out_ int *rank)"),
    size: asked("int MPI_Comm_size(void *comm, _Out_ int *size)"),
    broadcast: (array) => void broadcast(array, array.byteLength, byte, 0, world),
    gather(array, counts) {
      const { bytes, offsets } = inBytes(counts, array.BYTES_PER_ELEMENT);
      gather(IN_PLACE, 0, byte, array, bytes, offsets, byte, world);
    },
    exchange(from, fromCounts, into, intoCounts) {
      const [sent, received] = [inBytes(fromCounts, 4), inBytes(intoCounts, 4)];
      exchange(from, sent.bytes, sent.offsets, byte, into, received.bytes, received.offsets, byte, world);
    },
    leave() {
      barrier(world);
      finalize();
    },
    abort: (exitCode) => void abort(world, exitCode),
  };
}

/** Counts of numbers as MPI wants them: bytes, and where each part starts. */
function inBytes(counts: readonly number[], each: number): { bytes: Int32Array; offsets: Int32Array } {
  const bytes = Int32Array.from(counts, (count) => count * each);
  const offsets = new Int32Array(counts.length);
  for (let r = 1; r < counts.length; r++) offsets[r] = offsets[r - 1]! + bytes[r - 1]!;
  return { bytes, offsets };
}
