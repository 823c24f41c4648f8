"""The same network in PyTorch: built from our plain graph and weights, exported by torch.onnx.export.

One JSON request a line:
  {"graph": path of JSON, "weights": path of float32, "input": path of float32, "dims": [n, c, h, w]} -> {"logits": [...], "torch": version}
  {"export": path, "dynamo": bool}                                                  -> {"ms": time of torch.onnx.export to the file}
"""

import json
import logging
import os
import sys
import time
import warnings

import numpy as np
import torch
from torch import nn

ACTIVATIONS = {
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "swish": nn.SiLU,
    "hard-swish": nn.Hardswish,
    "sigmoid": nn.Sigmoid,
    "hard-sigmoid": nn.Hardsigmoid,
}


class Add(nn.Module):
    def forward(self, x, branch):
        return x + branch


class Multiply(nn.Module):
    def forward(self, x, factor):
        return x * factor


def layer(node, numbers):
    """A layer with our weights: HWIO becomes OIHW."""
    op, inputs, attributes = node["op"], node["in"], node["attributes"]
    get = lambda key: numbers[inputs[key]] if key in inputs else None  # noqa: E731
    if op in ("conv", "depthwise"):
        weight, bias = get("weight"), get("bias")
        weight = weight.permute(3, 2, 0, 1) if op == "conv" else weight.permute(2, 0, 1).unsqueeze(1)
        out, kernel = weight.shape[0], weight.shape[2]
        channels, groups = (weight.shape[1], 1) if op == "conv" else (out, out)
        made = nn.Conv2d(
            channels, out, kernel, attributes["stride"], (kernel - 1) // 2, groups=groups, bias=bias is not None
        )
        made.weight.data = weight.contiguous()
        if bias is not None:
            made.bias.data = bias
        return made
    if op == "dense":
        weight = get("weight").T
        made = nn.Linear(weight.shape[1], weight.shape[0])
        made.weight.data, made.bias.data = weight.contiguous(), get("bias")
        return made
    if op == "batchNorm":
        made = nn.BatchNorm2d(get("gamma").shape[0], attributes["epsilon"])
        made.weight.data, made.bias.data = get("gamma"), get("beta")
        made.running_mean, made.running_var = get("mean"), get("variance")
        return made
    if op == "activation":
        return ACTIVATIONS[attributes["function"]]()
    if op == "averagePool":
        return nn.AvgPool2d(attributes["stride"], ceil_mode=True, count_include_pad=False)
    return {
        "add": Add,
        "multiply": Multiply,
        "globalAveragePool": lambda: nn.AdaptiveAvgPool2d(1),
        "flatten": nn.Flatten,
        "dropout": nn.Dropout,
    }[op]()


class Net(nn.Module):
    def __init__(self, graph, numbers):
        super().__init__()
        self.layers = nn.ModuleList(layer(node, numbers) for node in graph["nodes"])
        values = [[name for name in node["in"].values() if name not in numbers] for node in graph["nodes"]]
        self.plan = list(zip(values, [node["out"] for node in graph["nodes"]]))
        self.input, self.output = graph["input"], graph["output"]

    def forward(self, pixel_values):
        values = {self.input: pixel_values}
        for made, (inputs, out) in zip(self.layers, self.plan):
            values[out] = made(*[values[name] for name in inputs])
        return values[self.output]


def load(request):
    with open(request["graph"]) as file:
        graph = json.load(file)
    flat = torch.from_numpy(np.fromfile(request["weights"], "<f4"))
    numbers = {
        p["name"]: flat[p["offset"] : p["offset"] + int(np.prod(p["shape"]))].reshape(p["shape"]).clone()
        for p in graph["parameters"]
    }
    return Net(graph, numbers).eval()


def export(net, x, request):
    free = {0: "batch_size"}
    names = {"input_names": ["pixel_values"], "output_names": ["logits"], "verbose": False}
    start = time.perf_counter()
    if request["dynamo"]:
        shapes = ({0: torch.export.Dim("batch_size")},)
        torch.onnx.export(net, (x,), request["export"], dynamo=True, dynamic_shapes=shapes, external_data=False, **names)
    else:
        axes = {"pixel_values": free, "logits": free}
        torch.onnx.export(net, (x,), request["export"], dynamo=False, dynamic_axes=axes, opset_version=17, **names)
    return {"ms": 1000 * (time.perf_counter() - start)}


def main():
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    # What exporters print must not mix with the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    net = x = None
    for line in sys.stdin:
        request = json.loads(line)
        if "graph" in request:
            net = load(request)
            x = torch.from_numpy(np.fromfile(request["input"], "<f4").reshape(request["dims"]))
            with torch.no_grad():
                answer = {"logits": net(x).ravel().tolist(), "torch": torch.__version__}
        else:
            answer = export(net, x, request)
        print(json.dumps(answer), file=answers, flush=True)


main()
