/**
 * CompileOptionsProto, which PJRT takes as protobuf bytes. Without the two counts, a plugin ends the process. A portable program runs on
 * any of the client's devices.
 *
 *     executable_build_options (3) = { num_replicas (4) = 1, num_partitions (5) = 1 }
 *     compile_portable_executable (4) = true
 */
const varint = (field: number, value: number): number[] => [field << 3, value];
const message = (field: number, content: readonly number[]): number[] => [(field << 3) | 2, content.length, ...content];

export const compileOptions = Uint8Array.from([...message(3, [...varint(4, 1), ...varint(5, 1)]), ...varint(4, 1)]);
