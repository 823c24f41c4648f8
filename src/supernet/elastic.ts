/**
 * The elastic dimensions of a graph, and how to read each from an architecture. A family's `build` makes them;
 * `settingOf` reads them all.
 */
import type { Channels, Gate, Kernel, Setting } from "../graph/values.js";
import { numberAt, type Architecture } from "../space/architecture.js";
import type { Choice } from "../space/choices.js";

/** A value read from an architecture. */
export type Reader<T> = (architecture: Architecture) => T;

/** All the values that something can take, and how to read the one that an architecture chooses. */
export interface Values {
  readonly values: readonly number[];
  readonly read: Reader<number>;
}

/** Channels with all the values they can take. */
export interface Width extends Values {
  readonly channels: Channels;
}

/** Makes elastic dimensions and remembers how to read them. A dimension with a single value becomes a plain number. */
export interface Elastic {
  width(name: string, values: readonly number[], read: Reader<number>): Width;
  kernel(name: string, values: readonly number[], read: Reader<number>): Kernel;
  gate(name: string, read: Reader<boolean>): Gate;
}

/** The values of one of the space's choices, read by its path. */
export const valuesOfChoice = ({ values, path }: Choice): Values => ({
  values,
  read: (architecture) => numberAt(architecture, path),
});

export interface ElasticRegistry extends Elastic {
  /** The sizes, kernels and gates of an architecture, which must belong to the space. */
  readonly settingOf: (architecture: Architecture) => Setting;
}

export function elasticRegistry(): ElasticRegistry {
  const axes = new Map<string, Reader<number>>();
  const kernels = new Map<string, Reader<number>>();
  const gates = new Map<string, Reader<boolean>>();
  const readAll = <T>(readers: ReadonlyMap<string, Reader<T>>, architecture: Architecture): Map<string, T> =>
    new Map([...readers].map(([name, reader]) => [name, reader(architecture)]));
  return {
    width(name, values, read) {
      const distinct = [...new Set(values)].sort((a, b) => a - b);
      const maximum = distinct[distinct.length - 1]!;
      if (distinct.length === 1) return { channels: maximum, values: distinct, read };
      axes.set(name, read);
      return { channels: { kind: "axis", name, maximum }, values: distinct, read };
    },
    kernel(name, values, read) {
      const maximum = Math.max(...values);
      if (values.length === 1) return maximum;
      kernels.set(name, read);
      return { kind: "kernel", name, maximum };
    },
    gate(name, read) {
      gates.set(name, read);
      return { name };
    },
    settingOf: (architecture) => ({
      resolution: architecture.resolution,
      axes: readAll(axes, architecture),
      kernels: readAll(kernels, architecture),
      gates: readAll(gates, architecture),
    }),
  };
}
