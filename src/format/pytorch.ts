/** A PyTorch project: the child's network as readable code of torch.nn, and its weights. From here lead torch.export, fine-tuning and other tools of PyTorch's. */
import { encodeSafetensors } from "../checkpoint/safetensors.js";
import { UserError } from "../base/user-error.js";
import { version } from "../base/version.js";
import { CERTIFICATE, inputFiles, MODEL, oneLine, preprocessingSentence, probeFiles, readme } from "./child-files.js";
import { codeLicence } from "./code-licence.js";
import type { Format, ShippedChild } from "./format.js";
import { classifyCode, pixelsCode, probeCode } from "./python-code.js";
import { pytorchModel } from "./pytorch/model-py.js";
import { readNetwork } from "./pytorch/network.js";

const classify = `"""Classifies pictures by PyTorch: python classify.py photo.jpg [more.png]"""
import json
import sys
from pathlib import Path

import numpy
import torch
from PIL import Image, ImageOps

from model import load

here = Path(__file__).resolve().parent
certificate = json.loads((here / "${CERTIFICATE}").read_text(encoding="utf-8"))
wanted = certificate["preprocessing"]
network = load()


${pixelsCode}


def logits(values):
    """[images, channels, height, width] -> [images, classes]."""
    with torch.inference_mode():
        return network(torch.from_numpy(values)).numpy()


${classifyCode}
`;

const check = `"""Checks that PyTorch computes here what is certified: python check.py"""
import base64
import hashlib
import json
import sys

import numpy

from classify import here, logits, normalized

files = json.loads((here / "nestling.json").read_text(encoding="utf-8"))["files"]
for name in ["model.py", "weights.safetensors"]:
    if hashlib.sha256((here / name).read_bytes()).hexdigest() != files[name]:
        sys.exit(f"{name} is not as it was deployed")
${probeCode}
`;

const requirements = "numpy>=1.26\npillow>=10\nsafetensors>=0.4\ntorch>=2.4\n";

const more = [
  "`model.py` has one class for each kind of block; `from model import load` gives the network. Batch norm is folded into the weights, and dropout is left out: further training starts from there, and computes the same at first.",
  "The code is under the LICENSE beside it; the weights are yours.",
];

/** @throws UserError `format/precision` for a child that isn't float32 */
function checkFloat32({ name, certificate: { precision } }: ShippedChild): void {
  if (precision === "float32") return;
  throw new UserError("format/precision", {
    at: `${name}.onnx`,
    got: `a child in ${precision}`,
    want: "one in float32 for the format pytorch",
    fix: "Export it again with --precision float32; PyTorch's own tools make other precisions of that.",
  });
}

export const pytorch: Format = {
  says: "PyTorch: the network as readable code, and its weights in a safetensors file",
  files(child) {
    checkFloat32(child);
    const says = `${oneLine(child.name)}: what ${MODEL} computes, in PyTorch. Made by nestling ${version}.`;
    const { code, weights } = pytorchModel(readNetwork(child.bytes), says);
    return {
      [MODEL]: child.bytes,
      [CERTIFICATE]: child.certificateBytes,
      ...inputFiles(child.certificate),
      ...probeFiles(child),
      "model.py": code,
      "weights.safetensors": encodeSafetensors(weights),
      "classify.py": classify,
      "check.py": check,
      "requirements.txt": requirements,
      LICENSE: codeLicence(),
      "README.md": readme(
        child,
        "An image classifier in plain PyTorch:",
        "pip install -r requirements.txt\npython check.py\npython classify.py photo.jpg",
        [preprocessingSentence(child.certificate), ...more],
      ),
    };
  },
};
