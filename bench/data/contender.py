"""PyTorch's DataLoader with torchvision's random resized crops, one measurement a line on stdin.

First line: {photos, size, batch, order}; answered with the loaders' names. Then {loader}: seconds for an epoch.
Pictures become uint8 tensors [batch, 3, size, size], as nestling's become bytes: what comes after is the training's.
"""
import json
import os
import sys
import time

import PIL
import torch
import torchvision
from PIL import Image
from torchvision.io import ImageReadMode, decode_jpeg, read_file
from torchvision.transforms import v2

torch.set_num_threads(1)


def pillow(path):
    with Image.open(path) as picture:
        return picture.convert("RGB")


def tensor(path):
    return decode_jpeg(read_file(path), mode=ImageReadMode.RGB)


class Photos(torch.utils.data.Dataset):
    def __init__(self, paths, load, transform):
        self.paths, self.load, self.transform = paths, load, transform

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        return self.transform(self.load(self.paths[index]))


def main():
    plan = json.loads(sys.stdin.readline())
    size, order = plan["size"], plan["order"]
    names = sorted(
        os.path.join(folder, name) for folder, _, files in os.walk(plan["photos"]) for name in files if name.endswith(".jpg")
    )
    paths = [names[i] for i in order]
    crop = v2.RandomResizedCrop(size, antialias=True)
    kinds = {
        f"DataLoader, Pillow {PIL.__version__}": (pillow, v2.Compose([crop, v2.PILToTensor()])),
        "DataLoader, torchvision's decode_jpeg": (tensor, crop),
    }
    cores = len(os.sched_getaffinity(0))
    # Workers beside the main process, and one less: the faster counts.
    loaders = {
        f"{kind}, {workers} workers": torch.utils.data.DataLoader(
            Photos(paths, *kinds[kind]),
            batch_size=plan["batch"],
            num_workers=workers,
            persistent_workers=True,
            prefetch_factor=2,
        )
        for kind in kinds
        for workers in (cores, cores + 1)
    }
    versions = {"torch": torch.__version__, "torchvision": torchvision.__version__, "pillow": PIL.__version__}
    print(json.dumps({"loaders": list(loaders), "versions": versions}), flush=True)
    for line in sys.stdin:
        began = time.perf_counter()
        for batch in loaders[json.loads(line)["loader"]]:
            assert batch.shape[1:] == (3, size, size)
        print(json.dumps({"seconds": time.perf_counter() - began}), flush=True)


main()
