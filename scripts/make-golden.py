"""Makes the golden files that come from Python packages. Usage: python scripts/make-golden.py, with Pillow, numpy and safetensors."""

import json

import numpy
import PIL
from PIL import Image
from safetensors.numpy import save_file

golden = "fixtures/golden"


def image(side: int, channel: int) -> numpy.ndarray:
    """test/data/resize.test.ts makes the same one."""
    i = numpy.arange(side * side)
    return ((i * i * (7 + channel) + 13 * i) % 256).astype(numpy.uint8).reshape(side, side)


def resize(side: int, to: int, channel: int, mode: str) -> list:
    resized = Image.fromarray(image(side, channel)).convert(mode).resize((to, to), Image.BILINEAR)
    return numpy.asarray(resized).reshape(-1).tolist()


cases = [(9, 4), (28, 20), (7, 12), (5, 5)]
pillow = {
    "pillow": PIL.__version__,
    "cases": [
        {
            "from": side,
            "to": to,
            "float": [resize(side, to, channel, "F") for channel in range(3)],
            "bytes": [resize(side, to, channel, "L") for channel in range(3)],
        }
        for side, to in cases
    ],
}
with open(f"{golden}/resize-pillow.json", "w") as file:
    file.write(json.dumps(pillow, separators=(",", ":")).replace("},", "},\n") + "\n")

save_file(
    {
        "head.weight": (numpy.arange(12, dtype=numpy.float32) / 7).reshape(3, 4),
        "empty": numpy.zeros((0, 3), numpy.float32),
        "scalar": numpy.array(-0.0, numpy.float32),
        "stem.größe": numpy.array([1e-45, 3.4028235e38, numpy.inf, numpy.nan], numpy.float32),
    },
    f"{golden}/python.safetensors",
)
