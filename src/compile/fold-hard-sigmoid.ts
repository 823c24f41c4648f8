/**
 * Pass: hard-sigmoid(w·x + b) with slope 1/6 becomes hard-sigmoid(w'·x + b') with slope 1/5, w' = 5/6 w, b' = 5/6 b.
 * OpenCV (4.14 and 5.0) mistakes y · HardSigmoid(x) with slope 1/6 for a hard-swish even if y is not x, as in
 * squeeze-and-excite: the file loads, but its logits are wrong. OpenCV does not match ONNX's default slope of 1/5. The
 * cost is unchanged. Does not apply without a conv before it that has no other reader.
 */
import type { Parameter } from "../graph/values.js";
import { scaled, type Numbers } from "./numbers.js";
import { passOf, skip } from "./rule.js";
import { soleConvBefore } from "./sole-conv-before.js";

const SLOPE = 1 / 5;
const FACTOR = 1 / 6 / SLOPE;

export const foldHardSigmoid = passOf({
  name: "fold-hard-sigmoid",
  op: "activation",
  apply(activation, site) {
    if (activation.attributes.function !== "hard-sigmoid") return undefined;
    if (activation.attributes.slope !== undefined) return skip("it has a slope already");
    const conv = soleConvBefore(site, activation.in.x);
    if ("skip" in conv) return conv;
    const smaller = (parameter: Parameter<number>): readonly [string, Numbers] => {
      const factor = new Float64Array(parameter.shape.at(-1)!).fill(FACTOR);
      return [parameter.name, scaled(site.numbers(parameter), parameter, factor)];
    };
    const { weight, bias } = conv.in;
    return {
      replace: new Map([[activation, [{ ...activation, attributes: { ...activation.attributes, slope: SLOPE } }]]]),
      weights: new Map([weight, ...(bias ? [bias] : [])].map(smaller)),
      did: "set its slope to 1/5, scaled its conv by 5/6",
    };
  },
});
