#!/usr/bin/env bash
# Engine `node` and a plugin of engine `pjrt` for real, installed where XDG_DATA_HOME says, and the engines' tests on Node 24 (the npm package `node` brings one).
# Needs the network and g++. After `npm ci`, whose build it uses; `npm test` runs all of them on this Node.
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

node dist/cli/main.js engine install
node dist/cli/main.js engine install pjrt=cpu

npm install --prefix "$scratch" --no-audit --no-fund --silent node@24
node24=$scratch/node_modules/node/bin/node
"$node24" --version
# A software GPU takes minutes for more nets; how much memory a step takes and how a run learns in bf16 are XLA's, whatever the Node.
NESTLING_WEBGPU_RUNS=1 "$node24" node_modules/vitest/vitest.mjs run test/engine --exclude 'test/engine/pjrt/{memory,precision}.test.ts'
