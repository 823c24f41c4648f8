"""Writes fixtures/golden/torchvision.json: what torchvision's functions make of one picture. Done once, with torch and torchvision of PyPI:

    python3 -m venv /tmp/tv && /tmp/tv/bin/pip install torch torchvision
    /tmp/tv/bin/python test/judges/torchvision_reference.py fixtures/golden/torchvision.json
"""
import base64
import json
import math
import sys

import numpy
import torch

# torchvision asks for its compiled detection operators on import; where they don't load, their names are enough.
detection = torch.library.Library("torchvision", "DEF")
for signature in (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
):
    try:
        detection.define(signature)
    except RuntimeError:
        pass

import torchvision
from torchvision.transforms.v2 import InterpolationMode, RandAugment, TrivialAugmentWide
from torchvision.transforms.v2 import functional as F

WIDTH, HEIGHT = 23, 17


def picture(channels):
    draw = numpy.random.default_rng(7)
    y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH]
    smooth = [40 + 7 * x, 200 - 5 * y, 30 + 4 * x + 3 * y]
    noise = draw.integers(0, 40, (HEIGHT, WIDTH, 3))
    pixels = numpy.clip(numpy.stack(smooth, 2) + noise, 0, 255).astype(numpy.uint8)
    pixels[2:9, 4:10] = draw.integers(0, 256, (7, 6, 3))
    return torch.from_numpy(pixels[:, :, :channels].copy()).permute(2, 0, 1)


def bytes_of(image):
    return base64.b64encode(image.permute(1, 2, 0).contiguous().numpy().tobytes()).decode()


def functions(image):
    size = [12, 12]
    yield "adjustBrightness", [0.4], F.adjust_brightness(image, 0.4)
    yield "adjustBrightness", [1.7], F.adjust_brightness(image, 1.7)
    yield "adjustContrast", [0.3], F.adjust_contrast(image, 0.3)
    yield "adjustContrast", [1.9], F.adjust_contrast(image, 1.9)
    yield "adjustSaturation", [0.2], F.adjust_saturation(image, 0.2)
    yield "adjustSaturation", [1.8], F.adjust_saturation(image, 1.8)
    yield "adjustSharpness", [0.1], F.adjust_sharpness(image, 0.1)
    yield "adjustSharpness", [1.99], F.adjust_sharpness(image, 1.99)
    for turn in (-0.5, -0.2, 0.05, 0.3):
        yield "adjustHue", [turn], F.adjust_hue(image, turn)
    for bits in (1, 4, 7, 8):
        yield "posterize", [bits], F.posterize(image, bits)
    for threshold in (0.0, 100.5, 255.0):
        yield "solarize", [threshold], F.solarize(image, threshold)
    yield "autocontrast", [], F.autocontrast(image)
    yield "equalize", [], F.equalize(image)
    for mode in ("bilinear", "bicubic"):
        for top, left, height, width in ((0, 0, 17, 23), (3, 5, 9, 11), (2, 7, 13, 16)):
            part = {"top": top, "left": left, "height": height, "width": width}
            crop = F.resized_crop(image, top, left, height, width, size, InterpolationMode(mode), antialias=True)
            yield "resizedCrop", [part, 12, mode], crop


def policies(image):
    """Every operation of both policies, at bins from their tables, both signs."""
    for kind, policy in (("trivial-augment", TrivialAugmentWide()), ("rand-augment", RandAugment())):
        for name, (magnitudes_of, signed) in policy._AUGMENTATION_SPACE.items():
            magnitudes = magnitudes_of(31, HEIGHT, WIDTH)
            for bin in (9, 29) if magnitudes is not None else (0,):
                magnitude = 0.0 if magnitudes is None else float(magnitudes[bin])
                for negative in (False, True) if signed else (False,):
                    result = policy._apply_image_or_video_transform(
                        image, name, -magnitude if negative else magnitude, InterpolationMode.NEAREST, {}
                    )
                    yield {"kind": kind, "name": name, "bin": bin, "negative": negative, "result": bytes_of(result)}


answer = {"torchvision": torchvision.__version__, "width": WIDTH, "height": HEIGHT, "pictures": []}
for channels in (1, 3):
    image = picture(channels)
    answer["pictures"].append(
        {
            "channels": channels,
            "pixels": bytes_of(image),
            "functions": [
                {"name": name, "arguments": arguments, "result": bytes_of(result)}
                for name, arguments, result in functions(image)
            ],
            "operations": list(policies(image)) if channels == 3 else [],
        }
    )
with open(sys.argv[1], "w") as file:
    json.dump(answer, file, indent=1)
    file.write("\n")
