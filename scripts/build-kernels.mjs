// Compiles the AssemblyScript kernels into dist/: the engine's as `simd.wasm` for every runtime and `relaxed.wasm` where multiply-add is one
// instruction, and those that resize pictures.
import asc from "assemblyscript/asc";
import { mkdir, readdir, stat } from "node:fs/promises";

const simd = ["--enable", "simd"];
const builds = [
  { folder: "engine/wasm/kernels", entry: "index", name: "simd", features: simd },
  { folder: "engine/wasm/kernels", entry: "index", name: "relaxed", features: [...simd, "--enable", "relaxed-simd"] },
  { folder: "data/pictures/kernels", entry: "resize", name: "resize", features: simd },
];

for (const { folder, entry, name, features } of builds) {
  const source = `src/${folder}`;
  await mkdir(`dist/${folder}`, { recursive: true });
  const sources = await Promise.all((await readdir(source)).map((file) => stat(`${source}/${file}`)));
  const newest = Math.max(...sources.map(({ mtimeMs }) => mtimeMs));
  const out = `dist/${folder}/${name}.wasm`;
  const built = await stat(out).catch(() => undefined);
  if (built && built.mtimeMs > newest) continue;
  const { error, stderr } = await asc.main([
    `${source}/${entry}.ts`,
    ...["--outFile", out, "-O3", "--noAssert", "--runtime", "stub", "--importMemory", "--use", "abort="],
    ...features,
  ]);
  if (error) {
    console.error(stderr.toString());
    process.exit(1);
  }
}
