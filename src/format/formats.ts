/** Formats that a child can be deployed in, a row each. Flags, folders, docs and `verify` read this table. */
import type { Format } from "./format.js";
import { kserve } from "./kserve.js";
import { node } from "./node.js";
import { openvino } from "./openvino.js";
import { pixels } from "./pixels.js";
import { python } from "./python.js";
import { pytorch } from "./pytorch.js";
import { transformers } from "./transformers.js";
import { triton } from "./triton.js";
import { web } from "./web.js";

export const formats = {
  ...{ kserve, node, openvino, pixels, python, pytorch, transformers, triton, web },
} as const satisfies Record<string, Format>;

/** A format, by its name in the table. */
export type FormatName = keyof typeof formats;

export const formatNames = Object.keys(formats) as readonly FormatName[];
