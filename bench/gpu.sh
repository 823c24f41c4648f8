#!/bin/sh
# The GPU engines on a machine with a GPU and no network: copy this folder there with dist and node_modules (npm ci && npm run build), then
#   NODE=/path/to/node PYTHON=/path/to/python sh bench/gpu.sh
# in parts of less than 60 MB, if need be:
#   tar cz dist node_modules src test bench fixtures package.json … | split -b 59M - nestling. && sha256sum nestling.* > nestling.sha256
#   sha256sum -c nestling.sha256 && cat nestling.?? | tar xz                                                           # on the other machine
#
# Engine pjrt needs a plugin, the first of these that is there:
#   PJRT=/path/to/xla_cuda_plugin.so      any plugin
#   PYTHON with JAX for CUDA              its own: site-packages/jax_plugins/xla_cuda13/xla_cuda_plugin.so (or xla_cuda12) and NVIDIA's wheels beside it
#   nestling engine install pjrt=cuda13   done elsewhere: the folder pjrt-cuda13-0.12.0.1 (3.6 GB) brought to ~/.local/share/nestling/engines/. It is made of
#                                         the wheels jax-cuda13-pjrt 0.12.0.1 and, with a driver from 580 on, nvidia-*: pjrt=cuda12 (jax-cuda12-pjrt) from 525 on
# Engine webgpu needs its npm packages and a Vulkan driver. What isn't there is left out, and said.
#
# It says driver, CUDA and engines; runs the conformance suites and a step on a supernet that lives on the GPU; then `bench train` as ratios to PyTorch on the same GPU
# where PYTHON has a PyTorch that sees one: masked steps of NETS, both in PRECISION; PyTorch sliced, too. There is no contender in JAX yet, no torch.compile, and no
# time by kernel. NETS, ROUNDS, PRECISION, RUNS (webgpu's suite) may be set. For a trial without a GPU:
#   VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json PJRT=/path/to/pjrt_c_api_cpu_plugin.so PRECISION=float32 NETS=R/16 ROUNDS=1 sh bench/gpu.sh
set -eu
cd "$(dirname "$0")/.."
NODE=${NODE:-node}
PYTHON=${PYTHON:-python3}
PRECISION=${PRECISION:-tf32}
NETS=${NETS:-R/64 R/128 R/256 R/512 R-se/64 R-se/128 R-se/256 R-se/512 bignas@224/64 bignas@224/128 bignas@224/256 bignas@224/512}

failed=
# Runs a part; one that fails doesn't end the others.
part() {
  echo "== $*"
  "$@" || failed="$failed
  $*"
}

if command -v nvidia-smi >/dev/null; then
  part nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv
  nvidia-smi | grep -o 'CUDA Version: [0-9.]*' || true
else
  echo "no nvidia-smi: no NVIDIA GPU, or no driver"
fi

# A plugin that is installed, or that of a JAX installation, best first.
find_plugin() {
  site=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' 2>/dev/null || true)
  engines=${XDG_DATA_HOME:-$HOME/.local/share}/nestling/engines
  for cuda in cuda13 cuda12; do
    for plugin in "$site/jax_plugins/xla_$cuda/xla_cuda_plugin.so" "$engines/pjrt-$cuda"-*/site/jax_plugins/"xla_$cuda/xla_cuda_plugin.so"; do
      if test -f "$plugin"; then
        echo "$plugin"
        return
      fi
    done
  done
}
PJRT=${PJRT:-$(find_plugin)}
engines=
if test -n "$PJRT"; then
  echo "plugin: $PJRT"
  if "$NODE" dist/engine/pjrt/probe.js "$PJRT" | tail -n 1 | tee /dev/stderr | grep -q '"state":"present"'; then
    engines="--engine pjrt:$PJRT"
  else
    failed="$failed
  the plugin $PJRT doesn't compute here"
  fi
else
  echo "no plugin for engine pjrt: see the head of bench/gpu.sh"
fi
webgpu=$("$NODE" dist/engine/tensorflow/webgpu/probe.js)
echo "webgpu: $webgpu"
case $webgpu in *'"state":"present"'*) has_webgpu=yes ;; *) has_webgpu= ;; esac

part "$NODE" dist/cli/main.js doctor

vitest=node_modules/vitest/vitest.mjs
if test -n "$engines"; then
  part env NESTLING_TEST_PJRT="$PJRT" "$NODE" "$vitest" run test/engine/pjrt test/engine/curve.test.ts test/train/device test/train/kill.test.ts
  part env "$NODE" bench/train/event-loop.mjs "pjrt:$PJRT"
else
  part "$NODE" "$vitest" run test/train/device
fi
if test -n "$has_webgpu"; then
  part env NESTLING_WEBGPU_RUNS="${RUNS:-100}" "$NODE" "$vitest" run test/engine/tensorflow/webgpu
fi

torch=none
if "$PYTHON" -c 'import torch; assert torch.cuda.is_available()' 2>/dev/null; then
  torch=cuda
else
  echo "no PyTorch with CUDA in $PYTHON: no ratios to it"
fi
for net in $NETS; do
  # shellcheck disable=SC2086  # two words, or none
  part env NESTLING_BENCH_PYTHON="$PYTHON" "$NODE" bench/run.mjs train --torch "$torch" --no-cpu --no-record --net "$net" $engines \
    --precision "$PRECISION" --measure masked --measure sliced --threads 2 --rounds "${ROUNDS:-10}"
  # It has float32 alone.
  if test -n "$has_webgpu"; then
    part env NESTLING_BENCH_PYTHON="$PYTHON" "$NODE" bench/run.mjs train --torch "$torch" --no-cpu --no-record --net "$net" --engine webgpu \
      --measure masked --threads 2 --rounds "${ROUNDS:-10}"
  fi
done

if test -n "$failed"; then
  echo "failed:$failed"
  exit 1
fi
