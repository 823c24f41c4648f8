#!/bin/sh
# Engine webgpu on a machine with a GPU and no network: copy this folder there with dist and node_modules (npm ci && npm run build), then
#   NODE=/path/to/node sh bench/gpu.sh
# Runs the conformance suite on the GPU, then `bench train` beside the wasm engine. PyTorch on the GPU is not measured yet: bench/train's
# contender.py runs on the CPU alone. A software adapter does for a trial: VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json
set -eu
cd "$(dirname "$0")/.."
NODE=${NODE:-node}

echo "GPU: $("$NODE" dist/engine/tensorflow/webgpu/probe.js)"
NESTLING_WEBGPU_RUNS=${RUNS:-100} "$NODE" node_modules/vitest/vitest.mjs run test/engine/tensorflow/webgpu
"$NODE" bench/run.mjs train --no-torch --no-record --net "${NET:-R}" --engine webgpu --threads 2 --rounds "${ROUNDS:-10}"
