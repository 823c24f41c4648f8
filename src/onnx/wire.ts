/**
 * Protobuf's wire format, field by field and without a schema: what a reader that merges repeated fields sees, none is missed. A decoder
 * that keeps the last of two `graph` fields would not see what onnxruntime, which merges them, loads from the first.
 */

/** One field as it is in the file. */
export interface WireField {
  readonly number: number;
  /** What a varint says, as far as a double can; 0 for other kinds. */
  readonly value: number;
  /** What a length-delimited field contains; undefined for other kinds. */
  readonly bytes: Uint8Array | undefined;
}

/** The bytes are no protobuf message. */
export class WireError extends Error {}

/** @throws WireError at the first byte that breaks the format */
export function* wireFields(message: Uint8Array): Generator<WireField> {
  let at = 0;
  const byte = (): number => {
    if (at >= message.length) throw new WireError("it ends within a field");
    return message[at++]!;
  };
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const next = byte();
      value += (next & 0x7f) * 2 ** shift;
      if (next < 0x80) return value;
    }
    throw new WireError("a number has more than 10 bytes");
  };
  const take = (length: number): Uint8Array => {
    if (length > message.length - at) throw new WireError("a field is longer than its message");
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    if (number < 1 || number > 0x1fffffff) throw new WireError(`there is no field ${number}`);
    switch (tag % 8) {
      case 0:
        yield { number, value: varint(), bytes: undefined };
        break;
      case 1:
        take(8);
        yield { number, value: 0, bytes: undefined };
        break;
      case 2:
        yield { number, value: 0, bytes: take(varint()) };
        break;
      case 5:
        take(4);
        yield { number, value: 0, bytes: undefined };
        break;
      default:
        throw new WireError(`field ${number} is of a kind that ONNX does not use`);
    }
  }
}
