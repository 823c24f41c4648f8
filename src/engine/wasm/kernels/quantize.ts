// Fake quantisation (src/graph/operators.ts): every value becomes the nearest of 2^bits numbers that are spread over a range.

/**
 * y = (q − zeroPoint) · scale for the whole number q from 0 to `levels` that is nearest. `count` is at least 1.
 * @param own 1: the range is that of x itself, widened to hold 0; 0: it is `smallest` to `largest`
 */
export function fakeQuantize(count: i32, levels: f32, own: i32, smallest: f32, largest: f32, x: usize, y: usize): void {
  if (own) {
    smallest = 0;
    largest = 0;
    const pairs = <usize>(count & ~7) << 2, end = <usize>count << 2;
    let least = f32x4.splat(0), most = f32x4.splat(0), least1 = least, most1 = most;
    // Two at a time: each waits for the one before it alone. A NaN is skipped here; it stays in y below.
    for (let i: usize = 0; i < pairs; i += 32) {
      const v = v128.load(x + i), v1 = v128.load(x + i, 16);
      least = f32x4.pmin(least, v);
      least1 = f32x4.pmin(least1, v1);
      most = f32x4.pmax(most, v);
      most1 = f32x4.pmax(most1, v1);
    }
    least = f32x4.pmin(least, least1);
    most = f32x4.pmax(most, most1);
    least = f32x4.pmin(least, i32x4.shuffle(least, least, 2, 3, 0, 1));
    least = f32x4.pmin(least, i32x4.shuffle(least, least, 1, 0, 3, 2));
    most = f32x4.pmax(most, i32x4.shuffle(most, most, 2, 3, 0, 1));
    most = f32x4.pmax(most, i32x4.shuffle(most, most, 1, 0, 3, 2));
    smallest = f32x4.extract_lane(least, 0);
    largest = f32x4.extract_lane(most, 0);
    for (let i = pairs; i < end; i += 4) {
      const v = load<f32>(x + i);
      if (v < smallest) smallest = v;
      if (v > largest) largest = v;
    }
  }
  let size = (largest - smallest) * (<f32>1 / levels);
  if (size < 1e-30) size = 1;
  const unit: f32 = reinterpret<f32>((reinterpret<i32>(size) + 0x400000) & 0x7f800000) / 32768;
  size = nearest<f32>(size / unit) * unit;
  const distance: f32 = size * (1.0 - 1.0 / 16384.0), zeroPoint = nearest<f32>(-smallest / distance);
  const scale = f32x4.splat(size), step = f32x4.splat(distance);
  const low = f32x4.splat(-zeroPoint), high = f32x4.splat(levels - zeroPoint);
  for (let i: usize = 0; i < <usize>count << 2; i += 16) {
    const q = f32x4.nearest(f32x4.div(v128.load(x + i), step));
    v128.store(y + i, f32x4.mul(f32x4.pmin(f32x4.pmax(q, low), high), scale));
  }
}
