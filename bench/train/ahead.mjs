// Compiles the masked child of a space for a GPU that isn't here, and says what XLA makes of it: convolutions that are cuDNN's, groups
// that are kept, temporary memory, time and size of the text. It needs a CUDA plugin and ptxas; no GPU and no driver.
//   nestling engine install pjrt=cuda13; pip download nvidia-cuda-nvcc==13.* --no-deps, unzipped
//   node bench/train/ahead.mjs PLUGIN PTXAS_FOLDER [SPACE [RESOLUTION [GROUP [PRECISION]]]]     (bignas 224 8 float32)
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { importFrom, importLayout } from "./net.mjs";

/** NVIDIA's figures of an H100 SXM, as XLA describes a device (xla/backends/gpu/target_config). */
const H100 = `
gpu_device_info {
  threads_per_block_limit: 1024 threads_per_warp: 32
  shared_memory_per_block: 49152 shared_memory_per_core: 233472 shared_memory_per_block_optin: 232448
  threads_per_core_limit: 2048 core_count: 132 fpus_per_core: 128
  block_dim_limit_x: 2147483647 block_dim_limit_y: 65535 block_dim_limit_z: 65535
  memory_bandwidth: 3352320000000 l2_cache_size: 52428800 clock_rate_ghz: 1.98
  device_memory_size: 84929347584
  cuda_compute_capability { major: 9 }
  registers_per_core_limit: 65536 registers_per_block_limit: 65536
}
runtime_version: { major: 13 minor: 0 patch: 0 }
platform_name: "CUDA"
dnn_version_info { major: 9 minor: 12 }
device_description_str: "NVIDIA H100 80GB HBM3"
`;

const [plugin, ptxas, spaceName = "bignas", resolution = "224", group = "8", precision = "float32"] =
  process.argv.slice(2);
if (!plugin || !ptxas)
  throw new Error("node bench/train/ahead.mjs PLUGIN PTXAS_FOLDER [SPACE [RESOLUTION [GROUP [PRECISION]]]]");
const dump = mkdtempSync(join(tmpdir(), "nestling-ahead-"));
process.env.PATH = `${resolve(ptxas)}:${process.env.PATH}`;
process.env.XLA_FLAGS = [
  `--xla_dump_to=${dump}`,
  "--xla_dump_hlo_as_text",
  "--xla_dump_hlo_module_re=.*child.*",
  // Choices by timing need the GPU.
  "--xla_gpu_autotune_level=0",
  `--xla_gpu_cuda_data_dir=${dirname(resolve(ptxas))}`,
].join(" ");

const [{ loadLibrary }, { compileOptions }, { childProgram }, { maskPlanOf }, { residentOf }] = await Promise.all(
  [
    "engine/pjrt/client/library.js",
    "engine/pjrt/client/compile-options.js",
    "engine/pjrt/lowering/child.js",
    "engine/mask-plan.js",
    "train/device/device-step.js",
  ].map((file) => importFrom(".", file)),
);

/** What a trainer would ask the device for. */
async function optionsOf() {
  const [{ loadSpace }, { buildSupernet }, { recipeSchema }] = await Promise.all(
    ["supernet/spaces.js", "supernet/supernet.js", "train/recipe.js"].map((file) => importFrom(".", file)),
  );
  const { layoutOf } = await importLayout(".");
  const supernet = buildSupernet(await loadSpace(spaceName));
  const { channels } = supernet.space;
  const [size, images] = [Math.max(...supernet.space.resolutions), Number(group)];
  return residentOf(
    { name: "pjrt", resident: (options) => options },
    {
      ...{ supernet, layout: layoutOf(supernet.graph), group: images },
      recipe: recipeSchema.parse({ name: "ahead", batch: images, normGroup: images }),
      images: { height: size, width: size, channels },
      normalization: { mean: Array(channels).fill(0.5), std: Array(channels).fill(0.3) },
    },
  );
}

const options = await optionsOf();
const program = childProgram(options, maskPlanOf(options.graph, options.layout), {
  lowering: { backend: "accelerator", precision },
  resolution: Number(resolution),
  isRounded: false,
});
const { call, struct, innerStruct, words, version } = loadLibrary(resolve(plugin));
const bytes = (value) => Buffer.from(value);
const named = (name, value) => innerStruct([bytes(name), name.length, 0, bytes(value), value.length]);
const given = words([...named("target_config", H100), ...named("topology", "1x1x1")]);
const [, , , , topology] = call("TopologyDescription_Create", bytes("nestling"), 8, given, 2, 0);
const code = bytes(program.text);
const source = struct([code, code.length, bytes("mlir"), 4]);
const began = performance.now();
const executable = call("Compile", topology, source, compileOptions, compileOptions.length, 0, 0)[5];
const seconds = (performance.now() - began) / 1000;
const [, , , , , temporary] = call("Executable_GetCompiledMemoryStats", executable, ...Array(11).fill(0));

const optimized = readdirSync(dump).find((file) => /after_optimizations\.txt$/.test(file));
const hlo = readFileSync(join(dump, optimized), "utf8");
rmSync(dump, { recursive: true });
const count = (pattern) => hlo.match(pattern)?.length ?? 0;
const kinds = {};
for (const [, target] of hlo.matchAll(/custom_call_target="([^"]+)"/g)) kinds[target] = (kinds[target] ?? 0) + 1;
const depthwise = options.whole.nodes.filter(({ op }) => op === "depthwise").length;
console.log(
  JSON.stringify(
    {
      ...{ space: spaceName, resolution: Number(resolution), group: Number(group), precision, api: version },
      seconds: Math.round(seconds),
      textKilobytes: Math.round(program.text.length / 1000),
      operations: program.text.match(/ = stablehlo\./g).length,
      temporaryMegabytes: Math.round(Number(temporary) / 1e6),
      written: {
        convolutions: program.text.match(/stablehlo\.convolution/g)?.length ?? 0,
        ofGroups: (program.text.match(/(feature|batch)_group_count = (?!1 )\d+/g) ?? []).length,
        depthwise,
      },
      optimized: {
        customCalls: kinds,
        convolutionsThatAreNot: count(/ convolution\(/g),
        ofGroups: count(/(feature|batch)_group_count=(?!1\b)\d+/g),
      },
    },
    null,
    2,
  ),
);
