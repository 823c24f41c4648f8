/**
 * The supernet: one elastic graph for a search space, and what each architecture comes to in it. The graph is built once;
 * every axis, kernel and gate registers the function that reads its size from an architecture.
 */
import { graphBuilder, type GraphBuilder } from "../graph/builder.js";
import type { Channels, Gate, Graph, Kernel, Setting, Value } from "../graph/graph.js";
import { verify } from "../graph/verify.js";
import type { Architecture } from "../space/schema.js";
import type { SearchSpace } from "../space/space.js";
import { appendStage } from "./blocks.js";
import { roundToDivisor } from "./rounding.js";

export interface Supernet {
  readonly space: SearchSpace;
  readonly graph: Graph;
  /** The sizes, kernels and gates of an architecture, which must belong to the space. */
  settingOf(architecture: Architecture): Setting;
}

/** A size read from an architecture. */
export type Reader<T> = (architecture: Architecture) => T;

/** Channels with all the values they can take and how to read them. */
export interface Width {
  readonly channels: Channels;
  readonly values: readonly number[];
  readonly read: Reader<number>;
}

/** Makes elastic dimensions and remembers how to read them; one with a single choice is a plain number. */
export interface Elastic {
  width(name: string, values: readonly number[], read: Reader<number>): Width;
  kernel(name: string, values: readonly number[], read: Reader<number>): Kernel;
  gate(name: string, read: Reader<boolean>): Gate;
}

export function buildSupernet(space: SearchSpace): Supernet {
  const axes = new Map<string, Reader<number>>();
  const kernels = new Map<string, Reader<number>>();
  const gates = new Map<string, Reader<boolean>>();
  const elastic: Elastic = {
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
  };

  const builder = graphBuilder(space.name, space.channels);
  let width = elastic.width("stem", space.stem.width, (architecture) => architecture.stem);
  const { kernel, stride, activation } = space.stem;
  let x = builder.conv("stem.conv", builder.input, { out: width.channels, kernel, stride });
  x = builder.activation("stem.activation", builder.batchNorm("stem.norm", x), activation);
  space.stages.forEach((stage, index) => {
    ({ x, width } = appendStage(builder, elastic, space, stage, index, x, width));
  });
  const graph = verify(builder.build([appendHead(builder, elastic, space, x, width)]));

  const read = <T>(readers: ReadonlyMap<string, Reader<T>>, architecture: Architecture): Map<string, T> =>
    new Map([...readers].map(([name, reader]) => [name, reader(architecture)]));
  return {
    space,
    graph,
    settingOf: (architecture) => ({
      resolution: architecture.resolution,
      axes: read(axes, architecture),
      kernels: read(kernels, architecture),
      gates: read(gates, architecture),
    }),
  };
}

function appendHead(builder: GraphBuilder, elastic: Elastic, space: SearchSpace, x: Value, last: Width): Value {
  const { head } = space;
  const expand = Array.isArray(head.width) ? undefined : head.width.expand;
  const widths = Array.isArray(head.width) ? head.width : [];
  const width =
    expand === undefined
      ? elastic.width("head", widths, (architecture) => architecture.head ?? widths[0]!)
      : elastic.width(
          "head",
          last.values.map((value) => roundToDivisor(Math.round(value * expand), space.divisor)),
          (architecture) => roundToDivisor(Math.round(last.read(architecture) * expand), space.divisor),
        );
  x = builder.conv("head.conv", x, { out: width.channels });
  x = builder.activation("head.activation", builder.batchNorm("head.norm", x), head.activation);
  x = builder.globalAveragePool("head.pool", x);
  if (head.mix) {
    const { mix } = head;
    const mixed = elastic.width("mix", mix.width, (architecture) => architecture.mix ?? mix.width[0]!);
    x = builder.conv("head.mix", x, { out: mixed.channels });
    x = builder.activation("head.mix.activation", x, mix.activation);
  }
  x = builder.dropout("head.dropout", builder.flatten("head.flatten", x));
  return builder.dense("classifier", x, space.classes);
}
