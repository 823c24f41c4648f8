/**
 * What does a latency profile add to the linear model? Two spaces on this machine and in a page of headless Chromium: the errors of both on
 * children that neither was fitted to, of the same measurements.
 */
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { browserTarget, loadSpace, localTarget, profileTarget } from "../dist/index.js";
import { appendResult } from "./results.mjs";

const options = {
  spaces: { type: "string", default: "fashion,pictures-96" },
  children: { type: "string", default: "40" },
  seconds: { type: "string", default: "120" },
  seeds: { type: "string", default: "1" },
};

export async function bench(args) {
  const { values } = parseArgs({ args, options });
  const [children, seconds, seeds] = [values.children, values.seconds, values.seeds].map(Number);
  const targets = { local: onThisMachine, browser: inBrowser };
  const rows = [];
  for (const name of values.spaces.split(",")) {
    const space = await loadSpace(name);
    for (const [where, on] of Object.entries(targets)) {
      for (let seed = 0; seed < seeds; seed++) {
        const { passes, noise, errors, linearErrors } = await on((target) =>
          profileTarget(space, { target, children, seconds, seed }),
        );
        rows.push({ space: name, target: where, seed, passes, noise, profile: errors, linear: linearErrors });
        print(rows.at(-1));
      }
    }
  }
  appendResult({ bench: "profile", children, seconds, rows });
}

function print({ space, target, seed, passes, noise, profile, linear }) {
  const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)} %`;
  const figures = ({ relativeRmse, within5, within10, rankCorrelation }) =>
    `${percent(relativeRmse)}, within 5 % ${percent(within5, 0)}, within 10 % ${percent(within10, 0)}, ranks ${rankCorrelation.toFixed(3)}`;
  console.log(
    `${space} ${target} seed ${seed}: ${passes} passes, ± ${percent(noise)} by chance; RMSE linear ${figures(linear)}; profile ${figures(profile)}`,
  );
}

async function closing(target, use) {
  try {
    return await use(target);
  } finally {
    await target.close();
  }
}

const onThisMachine = (use) => closing(localTarget(), use);

async function inBrowser(use) {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage();
    return await closing(browserTarget({ port: 0, onLink: ({ url }) => void page.goto(url) }), use);
  } finally {
    await browser.close();
  }
}
