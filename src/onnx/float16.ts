/** Half precision (IEEE 754 binary16): 1 bit of sign, 5 of exponent, 10 of fraction. Node 20 has no Float16Array. */

/** The largest finite half. */
export const largestFloat16 = 65504;

/** The bits of the nearest halves; a tie goes to the even one. Too large becomes infinity. */
export function toFloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) halves[i] = halfOf(bits[i]!);
  return halves;
}

function halfOf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  // Infinity, and NaN, which stays one.
  if (magnitude >= 0x7f800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
  // From halfway between the largest half and the next that there would be.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  // At least 2^-14: the exponent's bias of 127 becomes 15, and 13 bits of fraction go. A carry moves into the exponent.
  if (magnitude >= 0x38800000) return sign | rounded(magnitude - ((127 - 15) << 23), 13);
  // Multiples of 2^-24; up to half of one becomes zero.
  if (magnitude <= 0x33000000) return sign;
  return sign | rounded((magnitude & 0x7fffff) | 0x800000, 126 - (magnitude >>> 23));
}

/** value / 2^bits, rounded to the nearest whole number, a tie to the even one. */
function rounded(value: number, bits: number): number {
  const half = 1 << (bits - 1);
  const rest = value & ((half << 1) - 1);
  const whole = value >>> bits;
  return whole + (rest > half || (rest === half && (whole & 1) === 1) ? 1 : 0);
}
