// The line from the smallest to the biggest child, accuracy over log MACs: what a child is worth by its size alone.

export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** How far each child lies above the line: negative below it. Children are { macs, accuracy }. */
export function distancesFrom(smallest, biggest, children) {
  const share = ({ macs }) => Math.log(macs / smallest.macs) / Math.log(biggest.macs / smallest.macs);
  const expected = (child) => smallest.accuracy + share(child) * (biggest.accuracy - smallest.accuracy);
  return children.map((child) => child.accuracy - expected(child));
}
