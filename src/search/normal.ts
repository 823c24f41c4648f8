/** The normal distribution. */

/** Density of a standard normal. */
export const density = (z: number): number => Math.exp(-(z ** 2) / 2) / Math.sqrt(2 * Math.PI);

/** Probability that a standard normal is at most z; its error is below 7.5e-8 (Abramowitz and Stegun, 26.2.17). */
export function probabilityBelow(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const series = [1.330274429, -1.821255978, 1.781477937, -0.356563782, 0.31938153].reduce(
    (sum, coefficient) => t * (coefficient + sum),
    0,
  );
  const above = density(z) * series;
  return z > 0 ? 1 - above : above;
}

/** E[max(d, 0)] of d ~ N(mean, deviation²): what one can gain where a loss needn't be taken. */
export function expectedGain(mean: number, deviation: number): number {
  if (!(deviation > 0)) return Math.max(mean, 0);
  const z = mean / deviation;
  return mean * probabilityBelow(z) + deviation * density(z);
}
