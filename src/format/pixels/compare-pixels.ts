/** A file with the preprocessing in its graph against the certified file and nestling's own preprocessing. */
import { random } from "../../base/random.js";
import { defaultPrecision, type PrecisionName } from "../../compile/precisions.js";
import { toChannelsFirst } from "../../data/make-batch.js";
import { evaluationOf, normalize, prepare } from "../../data/preprocessing.js";
import { withSession } from "../../runtime/session.js";
import { logitsOf } from "../code/classifier.js";
import type { Comparison, ShippedFile } from "../format.js";

/** Sizes as multiples of the input's side: its own, smaller, larger, wide, tall. */
const SIZES = [
  [1, 1],
  [0.4, 0.6],
  [2.3, 1.7],
  [5, 1.1],
  [1.3, 6.1],
] as const;

/**
 * What bytes that are off by one may change, as a share of 1 + max |logit|. Both files are of one precision, so its own tolerance says nothing
 * here; but a byte may move a value over a step of float16 or int8. Measured up to 7.5e-4 in float32, 2.2e-3 in others.
 */
const stepsIn = (precision: PrecisionName): number => (precision === defaultPrecision ? 5e-3 : 3e-2);

/** Noise, which has more halves to round than any photograph. */
export async function comparePixels({ bytes, certificate }: ShippedFile, embedded: Uint8Array): Promise<Comparison> {
  const { preprocessing, precision } = certificate;
  const { channels, crop_size, image_mean: mean, image_std: std } = preprocessing;
  const side = crop_size.height;
  let difference = 0;
  let maxLogit = 0;
  await withSession(bytes, {}, (certified) =>
    withSession(embedded, {}, async (found) => {
      const run = async (values: Float32Array, dims: readonly number[]): Promise<Float32Array> =>
        (await certified.run(values, dims)).get("logits")!;
      for (const [i, [wide, high]] of SIZES.entries()) {
        const [width, height] = [wide, high].map((share) => Math.ceil(share * side)) as [number, number];
        const draw = random("pixels", i);
        const picture = { width, height, channels };
        const pixels = Uint8Array.from({ length: width * height * channels }, () => draw.integer(256));
        const prepared = prepare({ ...picture, pixels }, side, evaluationOf(preprocessing));
        const values = toChannelsFirst(normalize(prepared, { mean, std }), 1, channels);
        const [wanted] = await logitsOf(run, certificate, values, 1);
        const logits = (await found.run(pixels, [height, width, channels])).get("logits")!;
        for (const [k, logit] of wanted!.entries()) {
          difference = Math.max(difference, Math.abs(logit - logits[k]!));
          maxLogit = Math.max(maxLogit, Math.abs(logit));
        }
      }
    }),
  );
  return {
    difference,
    allowed: stepsIn(precision) * (1 + maxLogit),
    of: `logits of ${SIZES.length} pictures of several sizes, prepared in the graph and by nestling`,
  };
}
