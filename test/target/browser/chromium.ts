/** Real pages: Debian's Chromium opens the links that targets show, and is gone when the tests are done. */
import { existsSync } from "node:fs";
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "playwright-core";
import { browserTarget } from "../../../src/target/browser/browser.js";
import type { BrowserTargetOptions } from "../../../src/target/browser/browser-options.js";
import type { Target } from "../../../src/target/target.js";

export const executablePath = "/usr/bin/chromium";
export const hasChromium = existsSync(executablePath);
export const howToGet = "apt-get install chromium";

/** SwiftShader computes WebGPU in software. */
const args = ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

export interface Tabs {
  /** A target whose link a tab opens, in a browser of its own where options are given. */
  target(options?: Partial<BrowserTargetOptions>, browser?: BrowserContextOptions): Target;
  /** The tab of the target that was opened last. */
  readonly last: Promise<Page>;
  context(options?: BrowserContextOptions): Promise<BrowserContext>;
  /** Closes targets and tabs. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

export async function openTabs(): Promise<Tabs> {
  const browser: Browser = await chromium.launch({ executablePath, args });
  /** Tabs of one context share what they have loaded. */
  const shared = browser.newContext();
  const targets: Target[] = [];
  let last: Promise<Page> = Promise.reject(new Error("no tab yet"));
  last.catch(() => undefined);
  return {
    target(options, context) {
      const target = browserTarget({
        port: 0,
        awayMs: 30_000,
        onLink({ url }) {
          last = (context ? browser.newContext(context) : shared).then(async (of) => {
            const page = await of.newPage();
            await page.goto(url);
            return page;
          });
        },
        ...options,
      });
      targets.push(target);
      return target;
    },
    get last() {
      return last;
    },
    context: (options) => browser.newContext(options),
    async clear() {
      for (const target of targets.splice(0)) await target.close();
      for (const page of browser.contexts().flatMap((context) => context.pages())) await page.close();
    },
    close: () => browser.close(),
  };
}
