/**
 * What all judged children tell together of each one's true accuracy, that is on all images there are. Two Gaussian processes:
 *
 *   s = S(x)                      a child's soft accuracy (soft-accuracy.ts)
 *   a = β·s + D(x),   y = a + e   accuracy a; y is the share of hits, and e what chance does to it (noise.ts)
 *
 * Hits are few bits: on 1,000 images the difference of two children is known to 0.8 points. Their soft accuracies on the same images vary far
 * less by chance and follow accuracy, so they say much of which children differ; by how much, and whether they say anything at all (β),
 * is learned from the hits. Accuracies are shares, 0 to 1.
 */
import { matrixOf } from "./cholesky.js";
import type { Features } from "./features.js";
import { fitProcess, type Belief, type Point, type Process, type Scales } from "./gaussian-process.js";
import type { Hits } from "./hits.js";
import { noiseOf } from "./noise.js";

/** A child that was judged. */
export interface Observed {
  readonly features: Features;
  /** On the first images of the one order; at least one. */
  readonly hits: Hits;
  /** On the same images for all children. */
  readonly softAccuracy: number;
}

export interface AccuracyModel {
  /** What is believed of these children's true accuracies, judged or not. */
  believe(children: readonly Features[]): Belief;
  /** The same sizes of all parts, for more observations: quicker than to find them anew. */
  readonly scales: ModelScales;
}

export interface ModelScales {
  readonly softAccuracy: Scales;
  readonly accuracy: Scales;
}

/** @param observed at least one @param known scales found before; by default those of the largest likelihood */
export function fitAccuracyModel(observed: readonly Observed[], known?: ModelScales): AccuracyModel {
  const { softAccuracies, scoreOf } = standardized(observed);
  const plain = observed.map(({ features }): Point => ({ features, score: 0 }));
  const ofSoft = fitProcess(
    plain,
    softAccuracies,
    matrixOf(plain.length, plain.length, () => 0),
    known?.softAccuracy,
  );
  const points = observed.map(({ features, softAccuracy }): Point => ({ features, score: scoreOf(softAccuracy) }));
  const shares = observed.map(({ hits }) => hits.reduce((sum, hit) => sum + hit, 0) / hits.length);
  const noise = noiseOf(observed.map(({ hits }) => hits));
  const ofAccuracy = fitProcess(points, Float64Array.from(shares), noise, known?.accuracy);
  const scoreById = new Map(points.map(({ features, score }) => [features.id, score]));
  return {
    scales: { softAccuracy: ofSoft.scales, accuracy: ofAccuracy.scales },
    believe: (children) => believe(children, scoreById, ofSoft, ofAccuracy),
  };
}

function believe(
  children: readonly Features[],
  scores: ReadonlyMap<string, number>,
  ofSoft: Process,
  ofAccuracy: Process,
): Belief {
  const expected = ofSoft.believe(children.map((features) => ({ features, score: 0 })));
  const isKnown = children.map(({ id }) => scores.has(id));
  const points = children.map((features, i): Point => ({
    features,
    score: scores.get(features.id) ?? expected.mean[i]!,
  }));
  const { mean, covariance } = ofAccuracy.believe(points);
  const { slope } = ofAccuracy;
  // A child that was not judged has an unknown soft accuracy: its accuracy is the less certain.
  return {
    mean,
    covariance: covariance.map((row, i) =>
      isKnown[i] ? row : row.map((value, j) => (isKnown[j] ? value : value + slope ** 2 * expected.covariance[i]![j]!)),
    ),
  };
}

/** Soft accuracies of mean 0 and deviation 1. */
function standardized(observed: readonly Observed[]) {
  const count = observed.length;
  const mean = observed.reduce((sum, { softAccuracy }) => sum + softAccuracy, 0) / count;
  const variance = observed.reduce((sum, { softAccuracy }) => sum + (softAccuracy - mean) ** 2, 0) / count;
  const scoreOf = (softAccuracy: number): number => (variance > 0 ? (softAccuracy - mean) / Math.sqrt(variance) : 0);
  return { scoreOf, softAccuracies: Float64Array.from(observed, ({ softAccuracy }) => scoreOf(softAccuracy)) };
}
