/** Pictures of a page as a desktop, a phone and a dark screen show it, and as paper: node scripts/screenshot.mjs PAGE FOLDER. Needs Debian's chromium. */
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { chromium } from "playwright-core";

const [page, folder] = process.argv.slice(2);
const views = {
  desktop: { viewport: { width: 1100, height: 900 } },
  phone: { viewport: { width: 375, height: 800 }, deviceScaleFactor: 2 },
  dark: { viewport: { width: 1100, height: 900 }, colorScheme: "dark" },
};
await mkdir(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
for (const [name, options] of Object.entries(views)) {
  const tab = await browser.newPage(options);
  await tab.goto(`file://${resolve(page)}`);
  await tab.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  if (name === "desktop") await tab.pdf({ path: join(folder, "paper.pdf"), format: "A4" });
  await tab.close();
}
await browser.close();
