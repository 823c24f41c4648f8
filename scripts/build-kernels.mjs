// Compiles the AssemblyScript kernels into dist/: `simd.wasm` for every runtime, `relaxed.wasm` where multiply-add is one instruction.
import asc from "assemblyscript/asc";
import { mkdir, readdir, stat } from "node:fs/promises";

const source = "src/engine/wasm/kernels";
const target = "dist/engine/wasm/kernels";
const builds = { simd: ["--enable", "simd"], relaxed: ["--enable", "simd", "--enable", "relaxed-simd"] };

await mkdir(target, { recursive: true });
const sources = await Promise.all((await readdir(source)).map((name) => stat(`${source}/${name}`)));
const newest = Math.max(...sources.map(({ mtimeMs }) => mtimeMs));
for (const [name, features] of Object.entries(builds)) {
  const out = `${target}/${name}.wasm`;
  const built = await stat(out).catch(() => undefined);
  if (built && built.mtimeMs > newest) continue;
  const { error, stderr } = await asc.main([
    `${source}/index.ts`,
    ...["--outFile", out, "-O3", "--noAssert", "--runtime", "stub", "--importMemory", "--use", "abort="],
    ...features,
  ]);
  if (error) {
    console.error(stderr.toString());
    process.exit(1);
  }
}
