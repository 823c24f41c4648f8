"""A long-lived contender: PyTorch at its best on the CPU or a CUDA GPU, asked for one measurement a line on stdin.

    python contender.py FOLDER cpu|cuda float32|tf32|bf16      (plan.json, weights.bin, images.bin, written by contenders.mjs)

Functional and without modules: activations channels_last, weights sliced as once-for-all does, gradients put back by autograd.
"""
import json
import math
import resource
import sys
import time

import torch
import torch.nn.functional as F

folder, device, precision = sys.argv[1:]
# Else convolutions are in tf32 and products of matrices in float32.
torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = precision != "float32"
plan = json.load(open(f"{folder}/plan.json"))
flat = torch.from_file(f"{folder}/weights.bin", size=sum(s["length"] for s in plan["slots"]))
images = torch.from_file(f"{folder}/images.bin", size=math.prod(plan["imageShape"])).view(plan["imageShape"])
images = images.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last).to(device)
labels = torch.tensor(plan["labels"], device=device)
batch, classes, smoothing = plan["batch"], plan["classes"], plan["smoothing"]
hard = F.one_hot(labels, classes) * (1 - smoothing) + smoothing / classes

ORDER = {4: (3, 2, 0, 1), 3: (2, 0, 1), 2: (1, 0), 1: (0,)}  # HWIO, HWC, IO, C -> PyTorch's


def to_torch(array):
    tensor = array.permute(ORDER[array.dim()])
    if array.dim() == 3:
        tensor = tensor.unsqueeze(1)
    layout = torch.channels_last if tensor.dim() == 4 else torch.contiguous_format
    return tensor.clone(memory_format=layout).to(device)


weights = {
    s["name"]: torch.nn.Parameter(to_torch(flat[s["offset"] : s["offset"] + s["length"]].view(s["shape"])))
    for s in plan["slots"]
}
optimizer = torch.optim.SGD(weights.values(), lr=0.01, momentum=0.9, nesterov=True, foreach=True)


def slicer(box):
    """The box of a weight as an index; None where it is whole."""
    if box["size"] == box["full"]:
        return None
    order = ORDER[len(box["full"])]
    index = [slice(box["start"][d], box["start"][d] + box["size"][d]) for d in order]
    index = [slice(None) if box["size"][d] == box["full"][d] else part for d, part in zip(order, index)]
    if len(order) == 3:
        index.insert(1, slice(None))
    return tuple(index)


def masker(mask, name):
    whole = torch.zeros_like(weights[name])
    if mask["kind"] == "box":
        whole[slicer(mask["box"]) or ...] = 1
    elif mask["kind"] == "unit":
        for i in range(mask["size"]):
            whole[i, i] = 1
        return lambda weight: whole
    return lambda weight: weight * whole


class Child:
    def __init__(self, nodes, boxes, masks):
        self.nodes = nodes
        self.slices = {name: slicer(box) for name, box in boxes.items()}
        self.masks = {name: masker(mask, name) for name, mask in masks.items()}

    def weight(self, name):
        index = self.slices.get(name)
        weight = weights[name] if index is None else weights[name][index]
        mask = self.masks.get(name)
        return mask(weight) if mask else weight

    def __call__(self, x):
        values = {plan["input"]: x}
        for node in self.nodes:
            inputs, attributes = node["in"], node["attributes"]
            x = values.get(inputs["x"])
            values[node["out"]] = self.run(node["op"], x, inputs, attributes, values)
        return values[self.nodes[-1]["out"]]

    def run(self, op, x, inputs, attributes, values):
        if op in ("conv", "depthwise"):
            weight = self.weight(inputs["weight"])
            bias = self.weight(inputs["bias"]) if "bias" in inputs else None
            padding = (weight.shape[2] - 1) // 2
            groups = weight.shape[0] if op == "depthwise" else 1
            return F.conv2d(x, weight, bias, attributes["stride"], padding, 1, groups)
        if op == "batchNorm":
            gamma, beta = self.weight(inputs["gamma"]), self.weight(inputs["beta"])
            return F.batch_norm(x, None, None, gamma, beta, True, 0.1, attributes["epsilon"])
        if op == "activation":
            return ACTIVATIONS[attributes["function"]](x)
        if op == "add":
            return x + values[inputs["branch"]]
        if op == "multiply":
            return x * values[inputs["factor"]]
        if op == "averagePool":
            return F.avg_pool2d(x, attributes["stride"], attributes["stride"], 0, True, False)
        if op == "globalAveragePool":
            return x.mean((2, 3), keepdim=True)
        if op == "flatten":
            return x.flatten(1)
        if op == "dropout":
            return x
        if op == "dense":
            return F.linear(x, self.weight(inputs["weight"]), self.weight(inputs["bias"]))
        raise ValueError(op)


ACTIVATIONS = {
    "relu": lambda x: F.relu(x, inplace=True),
    "relu6": lambda x: F.relu6(x, inplace=True),
    "swish": F.silu,
    "hard-swish": F.hardswish,
    "sigmoid": torch.sigmoid,
    "hard-sigmoid": F.hardsigmoid,
}

children = {
    "sliced": [[Child(c["nodes"], c["boxes"], {}) for c in step] for step in plan["steps"]],
    "masked": [[Child(plan["masked"], {}, c["masks"]) for c in step] for step in plan["steps"]],
}


def loss_of(logits, targets):
    return -(targets * F.log_softmax(logits, 1)).sum()


def losses_of(step, x, hard, learn):
    """Inplace distillation: the biggest on the labels, the others on its soft labels."""
    losses, soft = [], None
    for child in step:
        with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
            logits = child(x)
        logits = logits.float()
        loss = loss_of(logits, hard if soft is None else soft)
        if learn:
            (loss / batch).backward()
        if soft is None:
            soft = logits.detach().softmax(1)
        losses.append(loss.detach())
    return losses


def train_step(step):
    optimizer.zero_grad(set_to_none=True)
    losses = losses_of(step, images, hard, True)
    optimizer.step()
    return [loss.item() / batch for loss in losses]


def forward_only():
    with torch.no_grad(), torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
        children["sliced"][0][0](images)


def first_losses(step):
    """As nestling has them: batch norm over norm groups. For the comparison alone, not timed."""
    group, total = plan["group"], [0.0] * len(step)
    with torch.no_grad():
        for i in range(0, batch, group):
            part = losses_of(step, images[i : i + group], hard[i : i + group], False)
            total = [a + b for a, b in zip(total, part)]
    return [float(loss) / batch for loss in total]


measures = {
    "forward": lambda round: forward_only(),
    "biggest": lambda round: train_step(children["sliced"][0][:1]),
    "sliced": lambda round: train_step(children["sliced"][round % len(plan["steps"])]),
    "masked": lambda round: train_step(children["masked"][round % len(plan["steps"])]),
    "check": lambda round: first_losses(children["sliced"][round]),
}


def peak_bytes():
    """Of the GPU's memory where it computes, else of the process."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def finish():
    """A GPU runs behind the calls."""
    if device == "cuda":
        torch.cuda.synchronize()


where = f" on {torch.cuda.get_device_name()}, CUDA {torch.version.cuda}" if device == "cuda" else ""
print(json.dumps({"ready": f"PyTorch {torch.__version__}{where}, {precision}"}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    torch.set_num_threads(request["threads"])
    started = time.perf_counter()
    losses = measures[request["measure"]](request["round"])
    finish()
    ms = (time.perf_counter() - started) * 1000
    print(json.dumps({"ms": ms, "losses": losses, "peakBytes": peak_bytes()}), flush=True)
