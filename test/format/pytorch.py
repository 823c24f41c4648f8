"""What PyTorch makes of deployed children: one JSON list of {folder, input, dims, onnx, litert} in, of
{logits, exported, litert, trained} out."""

import importlib.util
import json
import logging
import sys
import warnings
from pathlib import Path

import numpy
import torch

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
torch.set_num_threads(1)


def network_of(folder):
    spec = importlib.util.spec_from_file_location("model", Path(folder) / "model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.load(Path(folder) / "weights.safetensors")


def by_litert(network, images, path):
    """What LiteRT's interpreter gives for each image, by a file that LiteRT's converter made of the network."""
    import litert_torch
    from ai_edge_litert.interpreter import Interpreter

    litert_torch.convert(network.eval(), (images[:1],)).export(path)
    interpreter = Interpreter(model_path=path, num_threads=1)
    interpreter.allocate_tensors()
    [taken], [given] = interpreter.get_input_details(), interpreter.get_output_details()
    logits = []
    for image in images.numpy():
        interpreter.set_tensor(taken["index"], image[None])
        interpreter.invoke()
        logits += interpreter.get_tensor(given["index"]).flatten().tolist()
    return logits


def answer(case):
    network = network_of(case["folder"])
    images = torch.from_numpy(numpy.fromfile(case["input"], "<f4").reshape(case["dims"]))
    programs = {"logits": network}
    if "onnx" in case:
        free = {"pixel_values": {0: torch.export.Dim("batch_size")}}
        exported = torch.export.export(network, (images,), dynamic_shapes=free)
        names = {"input_names": ["pixel_values"], "output_names": ["logits"]}
        torch.onnx.export(exported, (), case["onnx"], dynamo=True, external_data=False, verbose=False, **names)
        programs["exported"] = exported.module()
    with torch.inference_mode():
        logits = {name: program(images).flatten().tolist() for name, program in programs.items()}
    if "litert" in case:
        logits["litert"] = by_litert(network, images, case["litert"])
    network.train()
    network(images).square().mean().backward()
    return {**logits, "trained": all(parameter.grad is not None for parameter in network.parameters())}


answers = [answer(case) for case in json.load(sys.stdin)]
print("\n" + json.dumps(answers))
