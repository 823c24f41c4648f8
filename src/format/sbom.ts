/** The parts list of a model, CycloneDX 1.6: the model, nestling, and the libraries that nestling was made of when it wrote the folder. */
import { Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import { createRequire } from "node:module";
import { version } from "../base/version.js";
import type { ShippedChild } from "./format.js";

const { dependencies } = createRequire(import.meta.url)("../../package.json") as {
  readonly dependencies: Readonly<Record<string, string>>;
};

/** It has neither a time nor a serial number, so that the same child gives the same text. */
export function sbomOf(child: ShippedChild): string {
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
  const libraries = Object.entries(dependencies).map(([name, of]) => packageOf(Enums.ComponentType.Library, name, of));
  for (const model of models) model.dependencies.add(maker.bomRef);
  for (const library of libraries) maker.dependencies.add(library.bomRef);
  bom.metadata.component = models[0]!;
  for (const component of [...models.slice(1), maker, ...libraries]) bom.components.add(component);
  const factory = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  return `${new Serialize.JsonSerializer(factory).serialize(bom, { sortLists: true, space: 2 })}\n`;
}

function packageOf(type: Enums.ComponentType, name: string, of: string): Models.Component {
  const purl = `pkg:npm/${name.replace("@", "%40")}@${of}`;
  return new Models.Component(type, name, { version: of, purl, bomRef: purl });
}
