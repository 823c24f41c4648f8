/** A PyTorch project: the child's network as readable code of torch.nn, and its weights. From here lead torch.export, fine-tuning and other tools of PyTorch's. */
import { encodeSafetensors } from "../checkpoint/safetensors.js";
import { version } from "../base/version.js";
import { CERTIFICATE, MODEL, oneLine, preprocessingSentence, readme } from "./child-files.js";
import type { Format } from "./format.js";
import { classifyCode, pixelsCode, probeCode, projectFiles } from "./python-code.js";
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

export const pytorch: Format = {
  says: "PyTorch: the network as readable code, and its weights in a safetensors file",
  onlyFloat32: true,
  makes: ["model.py", "weights.safetensors"],
  files(child) {
    const says = `${oneLine(child.name)}: what ${MODEL} computes, in PyTorch. Made by nestling ${version}.`;
    const { code, weights } = pytorchModel(readNetwork(child.bytes), says);
    return {
      ...projectFiles(child),
      "model.py": code,
      "weights.safetensors": encodeSafetensors(weights),
      "classify.py": classify,
      "check.py": check,
      "requirements.txt": requirements,
      "README.md": readme(
        child,
        "An image classifier in plain PyTorch:",
        "pip install -r requirements.txt\npython check.py\npython classify.py photo.jpg",
        [preprocessingSentence(child.certificate), ...more],
      ),
    };
  },
};
