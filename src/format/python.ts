/** A Python project with the preprocessing right: onnxruntime and Pillow. */
import { CERTIFICATE, MODEL, preprocessingSentence, readme } from "./child-files.js";
import type { Format } from "./format.js";
import { classifyCode, pixelsCode, probeCode, projectFiles } from "./python-code.js";

const classify = `"""Classifies pictures: python classify.py photo.jpg [more.png]"""
import json
import sys
from pathlib import Path

import numpy
import onnxruntime
from PIL import Image, ImageOps

here = Path(__file__).resolve().parent
certificate = json.loads((here / "${CERTIFICATE}").read_text(encoding="utf-8"))
wanted = certificate["preprocessing"]
session = onnxruntime.InferenceSession(str(here / "${MODEL}"), providers=["CPUExecutionProvider"])


${pixelsCode}


def logits(values):
    """[images, channels, height, width] -> [images, classes], whatever batch the file has."""
    batch = certificate["inputs"]["pixel_values"][0]
    if not isinstance(batch, int):
        return session.run(["logits"], {"pixel_values": values})[0]
    rows = []
    for start in range(0, len(values), batch):
        part = values[start : start + batch]
        whole = numpy.concatenate([part, numpy.repeat(part[-1:], batch - len(part), axis=0)])
        rows.append(session.run(["logits"], {"pixel_values": whole})[0][: len(part)])
    return numpy.concatenate(rows)


${classifyCode}
`;

const check = `"""Checks that this machine computes what is certified: python check.py"""
import base64
import hashlib
import json
import sys

import numpy

from classify import certificate, here, logits, normalized

sha256 = hashlib.sha256((here / "${MODEL}").read_bytes()).hexdigest()
if sha256 != certificate["sha256"]:
    sys.exit(f"${MODEL} is another file: its SHA-256 is {sha256}, not {certificate['sha256']}")
${probeCode}
`;

/** Oldest versions that these lines were tried with would be guesses: the newest are named. */
const requirements = "numpy>=1.26\nonnxruntime>=1.18\npillow>=10\n";

export const python: Format = {
  says: "a Python project with onnxruntime and Pillow",
  files: (child) => ({
    ...projectFiles(child),
    "classify.py": classify,
    "check.py": check,
    "requirements.txt": requirements,
    "README.md": readme(
      child,
      "An image classifier for Python:",
      "pip install -r requirements.txt\npython check.py\npython classify.py photo.jpg",
      [preprocessingSentence(child.certificate), "The code is under the LICENSE beside it; the weights are yours."],
    ),
  }),
};
