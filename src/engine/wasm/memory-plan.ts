/**
 * Plans memory once: a program's steps name the buffers that they touch, each buffer is alive from its first step to
 * its last, and buffers that are never alive together share addresses. No step allocates.
 */

/** A part of the arena; `address` (bytes) is known once the plan is laid out. */
export interface Buffer {
  readonly bytes: number;
  address: number;
  first: number;
  last: number;
}

export interface MemoryPlan {
  /** A buffer of `count` floats. `whole`: always alive, for data set before or read after the steps. */
  buffer(count: number, life?: "whole"): Buffer;
  /** Adds a step that reads or writes the buffers. */
  step(touched: readonly (Buffer | undefined)[], run: () => void): void;
  /** The number of steps so far. */
  readonly length: number;
  /** Assigns every buffer an address, starting at `base`; returns the end and the steps. */
  layOut(base: number): { end: number; steps: readonly (() => void)[] };
}

/** Kernels may read this far past a tensor's end. */
const SLACK_BYTES = 65536;
const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;

export function memoryPlan(): MemoryPlan {
  const buffers: Buffer[] = [];
  const steps: (() => void)[] = [];
  return {
    buffer(count, life) {
      const buffer: Buffer = { bytes: align(count * 4), address: 0, first: Infinity, last: -1 };
      if (life) [buffer.first, buffer.last] = [-1, Infinity];
      buffers.push(buffer);
      return buffer;
    },
    step(touched, run) {
      for (const buffer of touched) {
        if (!buffer) continue;
        buffer.first = Math.min(buffer.first, steps.length);
        buffer.last = Math.max(buffer.last, steps.length);
      }
      steps.push(run);
    },
    get length() {
      return steps.length;
    },
    layOut(base) {
      let end = base;
      let alive: Buffer[] = [];
      for (const buffer of buffers.filter(({ last }) => last >= 0).sort((a, b) => a.first - b.first)) {
        alive = alive.filter(({ last }) => last >= buffer.first);
        buffer.address = firstFit(alive, buffer.bytes, base);
        // Sorted by address, so that one walk finds the gaps.
        const at = alive.findIndex(({ address }) => address > buffer.address);
        alive.splice(at < 0 ? alive.length : at, 0, buffer);
        end = Math.max(end, buffer.address + buffer.bytes);
      }
      return { end: end + SLACK_BYTES, steps };
    },
  };
}

function firstFit(alive: readonly Buffer[], bytes: number, base: number): number {
  let address = base;
  for (const buffer of alive) {
    if (buffer.address - address >= bytes) return address;
    address = Math.max(address, buffer.address + buffer.bytes);
  }
  return address;
}
