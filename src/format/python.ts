/** A Python project with the preprocessing right: onnxruntime and Pillow. */
import { CERTIFICATE, inputFiles, MODEL, preprocessingSentence, probeFiles, readme } from "./child-files.js";
import { codeLicence } from "./code-licence.js";
import type { Format } from "./format.js";

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


def normalized(pixels):
    """[images, height, width, channels] of bytes -> [images, channels, height, width] of float32."""
    values = (pixels * wanted["rescale_factor"] - wanted["image_mean"]) / wanted["image_std"]
    return values.transpose(0, 3, 1, 2).astype(numpy.float32)


def pixel_values(picture):
    """A path or a PIL image -> [1, channels, height, width]."""
    image = picture if isinstance(picture, Image.Image) else Image.open(picture)
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # grey of 16 bits: the high byte
        image = Image.fromarray((numpy.asarray(image) >> 8).astype(numpy.uint8))
    image = image.convert(wanted["color_mode"])
    width, height = (wanted["size"]["shortest_edge"] * side // min(image.size) for side in image.size)
    image = image.resize((width, height), wanted["resample"])
    crop = wanted["crop_size"]
    left, top = (width - crop["width"]) // 2, (height - crop["height"]) // 2
    image = image.crop((left, top, left + crop["width"], top + crop["height"]))
    return normalized(numpy.asarray(image).reshape(1, crop["height"], crop["width"], -1))


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


def classify(picture, top=5):
    """The most probable classes: [(label, probability)]."""
    row = logits(pixel_values(picture))[0].astype(numpy.float64)
    shares = numpy.exp(row - row.max())
    shares /= shares.sum()
    best = numpy.argsort(-shares, kind="stable")[:top]
    return [(certificate["labels"][i], float(shares[i])) for i in best]


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for path in sys.argv[1:]:
        print(path, *(f"{label} {100 * share:.1f} %" for label, share in classify(path)), sep="\\t")
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
path = here / "probe.json"
if not path.exists():
    print("The file is the certified one. Its certificate has no probe, so what it computes is not checked.")
    sys.exit()
probe = json.loads(path.read_text(encoding="utf-8"))
pixels = numpy.frombuffer(base64.b64decode(probe["pixels"]), numpy.uint8).reshape(probe["shape"])
difference = float(numpy.abs(logits(normalized(pixels)) - numpy.array(probe["logits"])).max())
right = difference <= probe["tolerance"]
print(f"{'ok' if right else 'DIFFERS'}: largest difference {difference:.1e}, {probe['tolerance']:.1e} allowed")
sys.exit(0 if right else 1)
`;

/** Oldest versions that these lines were tried with would be guesses: the newest are named. */
const requirements = "numpy>=1.26\nonnxruntime>=1.18\npillow>=10\n";

export const python: Format = {
  says: "a Python project with onnxruntime and Pillow",
  files: (child) => ({
    [MODEL]: child.bytes,
    [CERTIFICATE]: child.certificateBytes,
    ...inputFiles(child.certificate),
    ...probeFiles(child),
    "classify.py": classify,
    "check.py": check,
    "requirements.txt": requirements,
    LICENSE: codeLicence(),
    "README.md": readme(
      child,
      "An image classifier for Python:",
      "pip install -r requirements.txt\npython check.py\npython classify.py photo.jpg",
      [preprocessingSentence(child.certificate), "The code is under the LICENSE beside it; the weights are yours."],
    ),
  }),
};
