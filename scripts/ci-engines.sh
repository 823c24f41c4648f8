#!/usr/bin/env bash
# Engine `node` for real: installed into a folder of this run's own, its suites on this Node and on Node 24 (the npm package `node`).
# Needs the network and g++. After `npm ci`, whose build it uses. NESTLING_ENGINES keeps the engine between runs.
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_DATA_HOME=${NESTLING_ENGINES:-$scratch/data}

node dist/cli/main.js engine install
NESTLING_TEST_INSTALL=1 npx vitest run test/engine/install test/engine/tensorflow

npm install --prefix "$scratch/node24" --no-audit --no-fund --silent node@24
node24=$scratch/node24/node_modules/node/bin/node
"$node24" --version
"$node24" node_modules/vitest/vitest.mjs run test/engine
