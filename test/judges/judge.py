"""Holds ONNX files against engines that are not ours.

JSON in (stdin): [{"file": path, "input": path of raw little-endian float32 NCHW, "dims": [n, c, h, w], "layers": whether asked}]
JSON out (stdout): [{judge: logits as a flat list, or {"error": text}}], in the same order;
the judges "checker" and "shapes" have no logits and answer with the file's output shape; "OpenVINO's layers", where asked, are their types.
"""

import json
import sys

import cv2
import numpy as np
import onnx
import onnxruntime
import openvino
from onnx.reference import ReferenceEvaluator


def shape_of(value):
    return [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]


def checker(path, _):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    return shape_of(model.graph.output[0])


def shapes(path, _):
    """What strict inference says of the output when the file does not say it."""
    model = onnx.load(path)
    model.graph.output[0].type.tensor_type.ClearField("shape")
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    return shape_of(inferred.graph.output[0])


def reference(path, x):
    return ReferenceEvaluator(path).run(None, {"pixel_values": x})[0]


def runtime(path, x):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(["logits"], {"pixel_values": x})[0]


def vino(path, x):
    # Full precision: on some processors the default is bfloat16.
    model = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return model({"pixel_values": x})["logits"]


def vino_layers(path, _):
    """The numbers that OpenVINO computes each convolution and dense layer in, after its own transformations."""
    model = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    infos = [op.get_rt_info() for op in model.get_runtime_model().get_ordered_ops()]
    said = [(str(info["layerType"].value), str(info["runtimePrecision"].value)) for info in infos]
    return [numbers for layer, numbers in said if layer in ("Convolution", "FullyConnected")]


def opencv(path, x):
    net = cv2.dnn.readNetFromONNX(path)
    net.setInput(x, "pixel_values")
    return net.forward("logits")


JUDGES = {
    "checker": checker,
    "shapes": shapes,
    "onnx reference": reference,
    "onnxruntime in Python": runtime,
    "OpenVINO": vino,
    "OpenCV": opencv,
}


def verdict(judge, path, x):
    try:
        answer = judge(path, x)
        return answer if isinstance(answer, list) else np.asarray(answer, np.float32).ravel().tolist()
    except Exception as error:  # whatever an engine throws is its verdict
        return {"error": f"{type(error).__name__}: {error}"}


def main():
    verdicts = []
    for case in json.load(sys.stdin):
        x = np.fromfile(case["input"], "<f4").reshape(case["dims"])
        judges = {**JUDGES, "OpenVINO's layers": vino_layers} if case["layers"] else JUDGES
        verdicts.append({name: verdict(judge, case["file"], x) for name, judge in judges.items()})
    json.dump(verdicts, sys.stdout)


main()
