/** The parts list of a model, CycloneDX 1.6: the model, nestling, and the libraries that nestling was made of when it wrote the folder. */
import { Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import { createRequire } from "node:module";
import { version } from "../base/version.js";
import { ONNXRUNTIME, onnxruntimeWanted } from "../install/onnxruntime-package.js";
import type { ShippedChild } from "./format.js";

type Versions = Readonly<Record<string, string>>;
const { dependencies, peerDependencies } = createRequire(import.meta.url)("../../package.json") as {
  readonly dependencies: Versions;
  readonly peerDependencies: Versions;
};

/**
 * It has neither a time nor a serial number, so that the same child gives the same text.
 * @param carries packages whose files lie beside the model
 */
export function sbomOf(child: ShippedChild, carries: readonly string[] = []): string {
  const bom = new Models.Bom();
  const models = [child, ...child.others].map(({ certificate: { precision, sha256, nestling } }) => {
    const hashes = new Models.HashDictionary([[Enums.HashAlgorithm["SHA-256"], sha256]]);
    const ref = `${child.name}.${precision}`;
    const properties = new Models.PropertyRepository([
      new Models.Property("nestling:precision", precision),
      new Models.Property("nestling:version", nestling),
    ]);
    return new Models.Component(Enums.ComponentType.MachineLearningModel, child.name, {
      bomRef: ref,
      hashes,
      properties,
    });
  });
  const maker = packageOf(Enums.ComponentType.Application, "nestling", version);
  // npm calls it optional; each model was computed by it.
  const made = { ...dependencies, [ONNXRUNTIME]: onnxruntimeWanted };
  const libraries = Object.entries(made).map(([name, of]) => packageOf(Enums.ComponentType.Library, name, of));
  for (const model of models) model.dependencies.add(maker.bomRef);
  for (const library of libraries) maker.dependencies.add(library.bomRef);
  const carried = carries.map((name) => packageOf(Enums.ComponentType.Library, name, peerDependencies[name]!));
  bom.metadata.component = models[0]!;
  for (const component of [...models.slice(1), maker, ...libraries, ...carried]) bom.components.add(component);
  const factory = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  return `${new Serialize.JsonSerializer(factory).serialize(bom, { sortLists: true, space: 2 })}\n`;
}

function packageOf(type: Enums.ComponentType, name: string, of: string): Models.Component {
  const purl = `pkg:npm/${name.replace("@", "%40")}@${of}`;
  return new Models.Component(type, name, { version: of, purl, bomRef: purl });
}
