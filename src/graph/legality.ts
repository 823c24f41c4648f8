/** Rules that several operators share. Each returns the reason why a node is illegal, or undefined if it is legal. */
import { isParameter, maximumOf, type Parameter, type Size, type Value } from "./values.js";

export const sameChannels = (left: Value["channels"], right: Value["channels"]): boolean =>
  typeof left === "number" || typeof right === "number" ? left === right : left.name === right.name;

export const keepsChannels = ({
  in: { x },
  out: { y },
}: {
  in: { x: Value };
  out: { y: Value };
}): string | undefined =>
  sameChannels(x.channels, y.channels) ? undefined : "its output has other channels than its input";

export const shaped = (parameter: Parameter, shape: readonly Size[]): string | undefined =>
  parameter.shape.length === shape.length &&
  parameter.shape.every((size, i) => maximumOf(size) === maximumOf(shape[i]!))
    ? undefined
    : `${parameter.name} has the shape [${parameter.shape.map(maximumOf).join(", ")}], not [${shape.map(maximumOf).join(", ")}]`;

/** Checks a vector of `channels`, given or computed. */
export const vectorOf = (vector: Parameter | Value, channels: Value["channels"]): string | undefined => {
  if (isParameter(vector)) return shaped(vector, [channels]);
  return sameChannels(vector.channels, channels) ? undefined : `${vector.name} has other channels than its input`;
};
