/** Kernel calls by the names of their parameters: a missing or swapped argument does not compile. */
import type { KernelName, Kernels } from "../kernels.js";
import type { Buffer, MemoryPlan } from "../memory-plan.js";
import { kernelSignatures } from "../signatures.js";

type Signatures = typeof kernelSignatures;

/** Addresses are given as buffers, or as 0 for an optional one that is absent. Flags are 0 or 1. */
export type KernelArguments<Name extends KernelName> = {
  readonly [Parameter in keyof Signatures[Name]]: Signatures[Name][Parameter] extends "usize" ? Buffer | 0 : number;
};

/** Adds a kernel's call to a plan as a step that touches the buffers among its arguments. */
export type Call = <Name extends KernelName>(name: Name, given: KernelArguments<Name>) => void;

export const callsInto =
  (plan: MemoryPlan, kernels: Kernels): Call =>
  (name, given) => {
    const byName: Readonly<Record<string, Buffer | number>> = given;
    const inOrder = Object.keys(kernelSignatures[name]).map((parameter) => byName[parameter]!);
    const kernel = kernels[name];
    let positional: readonly number[] | undefined;
    plan.step(inOrder.filter(isBuffer), () => {
      // Addresses are known only once the plan is laid out.
      positional ??= inOrder.map((argument) => (isBuffer(argument) ? argument.address : argument));
      kernel(...positional);
    });
  };

const isBuffer = (argument: Buffer | number): argument is Buffer => typeof argument !== "number";
