import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { UserError } from "../../src/base/user-error.js";
import { decodeSafetensors, encodeSafetensors, type Tensor, type Tensors } from "../../src/checkpoint/safetensors.js";

const tensor = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }).chain((shape) => {
  const length = shape.reduce((product, size) => product * size, 1);
  return fc.record({ shape: fc.constant(shape), data: fc.float32Array({ minLength: length, maxLength: length }) });
});
const tensors: fc.Arbitrary<Tensors> = fc
  .array(fc.tuple(fc.string({ unit: "binary" }), tensor), { maxLength: 6 })
  // The format keeps this one name for itself.
  .map((entries) => new Map(entries.filter(([name]) => name !== "__metadata__")));

/** As bits, so that −0 and every NaN count; names in order, since a file's order is that of its numbers. */
const bitsOf = (map: Tensors): unknown =>
  [...map]
    .map(([name, { shape, data }]) => [
      name,
      shape,
      Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex"),
    ])
    .sort(([a], [b]) => (a! < b! ? -1 : 1));

test("what is encoded is decoded, whatever the names, shapes and numbers", () => {
  fc.assert(
    fc.property(tensors, (all) => {
      expect(bitsOf(decodeSafetensors(encodeSafetensors(all), "file"))).toEqual(bitsOf(all));
    }),
    {
      numRuns: 1000,
      examples: [
        [
          new Map([
            ["b", one(1)],
            ["1", one(2)],
            ["0", one(3)],
            ["__proto__", one(4)],
          ]),
        ],
      ],
    },
  );
});

test("the bytes are those of Python's safetensors, both ways", async () => {
  // Made by scripts/make-golden.py.
  const python = new Uint8Array(await readFile(new URL("../../fixtures/golden/python.safetensors", import.meta.url)));
  const all: Tensors = new Map([
    ["empty", { shape: [0, 3], data: new Float32Array(0) }],
    ["head.weight", { shape: [3, 4], data: Float32Array.from({ length: 12 }, (_, i) => i / 7) }],
    ["scalar", { shape: [], data: Float32Array.of(-0) }],
    ["stem.größe", { shape: [4], data: Float32Array.of(1e-45, 3.4028235e38, Infinity, NaN) }],
  ]);
  expect(bitsOf(decodeSafetensors(python, "python"))).toEqual(bitsOf(all));
  expect(Buffer.from(encodeSafetensors(all)).equals(Buffer.from(python))).toBe(true);
});

test("a header in another order and with metadata is read; the same file unaligned too", () => {
  const header = `{"__metadata__":{"by":"test"},"b":${entry(4, 12)},"a":${entry(0, 4)}}`;
  const bytes = fileOf(header, Float32Array.of(1, 2, 3));
  const unaligned = new Uint8Array(bytes.length + 1).subarray(1);
  unaligned.set(bytes);
  for (const copy of [bytes, unaligned]) {
    const read = decodeSafetensors(copy, "file");
    expect([...read.keys()]).toEqual(["a", "b"]);
    expect([...read.get("b")!.data]).toEqual([2, 3]);
  }
});

test.each([
  ["an empty file", new Uint8Array(0), "is 0 bytes long"],
  ["a header longer than the file", fileOf("{}", Float32Array.of(), 99n), "cut off in its header of 99 bytes"],
  ["a header of 2^63 bytes", fileOf("{}", Float32Array.of(), 2n ** 63n), "cut off in its header"],
  ["a header that is not JSON", fileOf("{a}", Float32Array.of()), "header is not JSON"],
  ["a header that is a list", fileOf("[]", Float32Array.of()), "without a header object"],
  ["an entry that is a number", fileOf('{"a":1}', Float32Array.of()), "broken entry a"],
  [
    "a negative size",
    fileOf('{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', Float32Array.of(1)),
    "broken entry a",
  ],
  ["another type of number", fileOf(`{"a":${entry(0, 4).replace("F32", "F16")}}`, Float32Array.of(1)), "a of type F16"],
  ["a gap", fileOf(`{"a":${entry(0, 4)},"b":${entry(8, 12)}}`, Float32Array.of(1, 2, 3)), "b at bytes 8 to 12"],
  ["an overlap", fileOf(`{"a":${entry(0, 8)},"b":${entry(4, 8)}}`, Float32Array.of(1, 2)), "b at bytes 4 to 8"],
  [
    "a shape that is not its bytes",
    fileOf(`{"a":${entry(0, 8).replace("[2]", "[3]")}}`, Float32Array.of(1, 2)),
    "want 12 bytes",
  ],
  ["numbers cut off", fileOf(`{"a":${entry(0, 8)}}`, Float32Array.of(1)), "cut off in a"],
  ["a byte too many", fileOf(`{"a":${entry(0, 4)}}`, Float32Array.of(1, 2)), "as its header says"],
])("%s is refused", (_, bytes, message) => {
  const decode = (): unknown => decodeSafetensors(bytes, "weights");
  expect(decode).toThrow(UserError);
  expect(decode).toThrow(message);
});

test("a file cut off anywhere is refused", () => {
  const bytes = encodeSafetensors(example());
  for (let length = 0; length < bytes.length; length++)
    expect(() => decodeSafetensors(bytes.subarray(0, length), "file"), `${length} bytes`).toThrow(UserError);
});

test("a flipped bit is refused, or changes a name or one number: nothing else, and never a crash", () => {
  const all = example();
  const bytes = encodeSafetensors(all);
  let refused = 0;
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const damaged = bytes.slice();
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    try {
      const read = decodeSafetensors(damaged, "file");
      const lengths = (map: Tensors): number[] => [...map.values()].map(({ data }) => data.length);
      expect(lengths(read)).toEqual(lengths(all));
    } catch (error) {
      expect(error, `bit ${bit}`).toBeInstanceOf(UserError);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(bytes.length);
});

function one(value: number): Tensor {
  return { shape: [1], data: Float32Array.of(value) };
}

function example(): Tensors {
  return new Map([
    ["conv.weight", { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
    ["conv.bias", { shape: [2], data: Float32Array.of(7, 8) }],
  ]);
}

function entry(from: number, to: number): string {
  return JSON.stringify({ dtype: "F32", shape: [(to - from) / 4], data_offsets: [from, to] });
}

function fileOf(header: string, numbers: Float32Array, length = BigInt(header.length)): Uint8Array {
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length);
  return new Uint8Array(Buffer.concat([size, Buffer.from(header), Buffer.from(numbers.buffer)]));
}
