/** What an engine's folder says of it: one export each, which the choice of engine, `doctor` and docs/engines.md read. */
import type { Engine, EngineName } from "./engine.js";

export interface EngineKind {
  readonly name: EngineName;
  /** What it computes on and by. */
  readonly runsOn: string;
  /** The command that installs it; none for what is in the package. */
  readonly install?: string;
  /** @throws UserError `engine/missing` where its library isn't installed, `engine/no-gpu` */
  create(): Promise<Engine>;
  /** Threads that take norm groups: all of them, or one where the library has threads of its own. */
  workers(threads: number): number;
  /** Variables that its library reads when it is loaded. */
  environment(threads: number): Readonly<Record<string, string>>;
  /** Whether it works here, found out without harm to this process. */
  inspect(): Promise<Inspection>;
}

export interface Inspection {
  readonly works: boolean;
  /** What is there, or what is missing and how to get it. */
  readonly detail: string;
}
