#!/usr/bin/env bash
# Engine `node` and a plugin of engine `pjrt` for real, installed where XDG_DATA_HOME says, and every engine's suite on Node 24 (the npm package `node` brings one).
# Needs the network and g++. After `npm ci`, whose build it uses; `npm test` runs the same suites on this Node.
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

node dist/cli/main.js engine install
node dist/cli/main.js engine install pjrt=cpu

npm install --prefix "$scratch" --no-audit --no-fund --silent node@24
node24=$scratch/node_modules/node/bin/node
"$node24" --version
"$node24" node_modules/vitest/vitest.mjs run test/engine
