/** Finds the convolution that may be changed for the node after it: nothing else reads its output or its weights. */
import type { NodeOf } from "../graph/operators.js";
import type { Value } from "../graph/values.js";
import { skip, type Site, type Skip } from "./rule.js";

export type AnyConv = NodeOf<"conv", "deployed", number> | NodeOf<"depthwise", "deployed", number>;

/** The conv whose output is the value, if its output, weight and bias are each read once in the graph. */
export function soleConvBefore({ producers, readers }: Site, value: Value): AnyConv | Skip {
  const conv = producers.get(value.name);
  if (conv?.op !== "conv" && conv?.op !== "depthwise") return skip("its input is not a conv");
  const [reader, ...others] = readers.get(conv.out.y.name)!;
  if (others.length > 0)
    return skip([reader, ...others].includes(undefined) ? "the graph outputs the conv" : "another node reads the conv");
  const shares = [conv.in.weight, conv.in.bias].some((own) => own && readers.get(own.name)!.length > 1);
  return shares ? skip("another node has the conv's weights") : conv;
}
