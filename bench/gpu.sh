#!/bin/sh
# The GPU engines on a machine with a GPU and no network: copy this folder there with dist and node_modules (npm ci && npm run build), then
#   NODE=/path/to/node PYTHON=/path/to/python sh bench/gpu.sh
# Runs webgpu's conformance suite and a step on a supernet that lives on the GPU, then `bench train` with the engines that are here, as ratios to PyTorch on the same GPU
# where PYTHON has a PyTorch that sees one. A software adapter does for a trial: VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json
set -eu
cd "$(dirname "$0")/.."
NODE=${NODE:-node}
PYTHON=${PYTHON:-python3}

echo "GPU: $("$NODE" dist/engine/tensorflow/webgpu/probe.js)"
NESTLING_WEBGPU_RUNS=${RUNS:-100} "$NODE" node_modules/vitest/vitest.mjs run test/engine/tensorflow/webgpu test/train/device

torch=none
if "$PYTHON" -c 'import torch; assert torch.cuda.is_available()' 2>/dev/null; then
  torch=cuda
else
  echo "no PyTorch with CUDA in $PYTHON: ratios to wasm"
fi
NESTLING_BENCH_PYTHON=$PYTHON "$NODE" bench/run.mjs train --torch "$torch" --no-record --net "${NET:-R}" --engine webgpu \
  --threads 2 --rounds "${ROUNDS:-10}"
