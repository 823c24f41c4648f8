"""onnxruntime's own tool: quantises a float file by each of its calibration methods, with the layout that its documentation advises for x64.

One JSON object a line in: {"file", "images": raw little-endian float32 NCHW, "dims": [n, c, h, w], "reduceRange", "out": folder}
One out: {method: {"file"} or {"error"}}; to the first request, {}, {"onnxruntime": its version}
"""

import contextlib
import io
import json
import logging
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

logging.disable(logging.WARNING)
BATCH = 50
METHODS = {
    "MinMax": CalibrationMethod.MinMax,
    "Entropy": CalibrationMethod.Entropy,
    "Percentile": CalibrationMethod.Percentile,
}


class Batches(CalibrationDataReader):
    def __init__(self, images):
        self.left = iter(np.array_split(images, -(-len(images) // BATCH)))

    def get_next(self):
        batch = next(self.left, None)
        return None if batch is None else {"pixel_values": batch}


def quantize(prepared, images, method, reduce_range, out):
    quantize_static(
        prepared,
        out,
        Batches(images),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        reduce_range=reduce_range,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=method,
    )
    return {"file": str(out)}


def answer(request):
    images = np.fromfile(request["images"], "<f4").reshape(request["dims"])
    folder = Path(request["out"])
    prepared = folder / "prepared.onnx"
    quant_pre_process(request["file"], prepared, skip_symbolic_shape=True)
    found = {}
    for name, method in METHODS.items():
        try:
            found[name] = quantize(prepared, images, method, request["reduceRange"], folder / f"{name}.onnx")
        except Exception as error:  # a method that fails is its answer
            found[name] = {"error": f"{type(error).__name__}: {error}"}
    return found


next(sys.stdin)
print(json.dumps({"onnxruntime": onnxruntime.__version__}), flush=True)
for line in sys.stdin:
    # The tool prints its progress, where answers are expected.
    with contextlib.redirect_stdout(io.StringIO()):
        answered = answer(json.loads(line))
    print(json.dumps(answered), flush=True)
