/** How the target `browser` serves its page. */
import type { PageLink } from "./page-link.js";
import type { BrowserProvider } from "./protocol.js";

/** A page, and how models run there. */
export interface BrowserTargetOptions {
  /** Called with the link that opens the page, when it is first needed. */
  readonly onLink: (link: PageLink) => void;
  /** The CPU (`wasm`, the default) or the GPU (`webgpu`). */
  readonly provider?: BrowserProvider | undefined;
  /** onnxruntime's threads: 1 by default, 0 for all cores. A page that isn't cross-origin isolated has 1. */
  readonly threads?: number | undefined;
  /** An address of this machine: 127.0.0.1 by default, which no other machine reaches; 0.0.0.0 for all. */
  readonly host?: string | undefined;
  /** 8474 by default; 0 for any that is free. */
  readonly port?: number | undefined;
  /** Files in PEM: a certificate and its key. With them the page is served by https, and a phone has all that its browser can do. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Its name in results; by default `browser` with what differs from the defaults. */
  readonly name?: string | undefined;
  /** Folder of the device's latency profiles; none by default. */
  readonly profiles?: string | undefined;
  /** How long to wait for a page, in ms: 5 minutes by default. The clock stops meanwhile. */
  readonly awayMs?: number | undefined;
  /** Called with a sentence where the target waits for its page, and when that is there. */
  readonly onWait?: ((reason: string) => void) | undefined;
}
