/** The report's page, from top to bottom. */
import { defaultPrecision } from "../compile/precisions.js";
import { countOf } from "../deploy/quantized-nodes.js";
import { wasChosen } from "../deploy/was-chosen.js";
import { formatCost, type Budget } from "../search/budget.js";
import { budgetsOfSearch, comparePrecisions } from "../search/compare-precisions.js";
import { explain } from "../search/explain.js";
import { judgedIn, type SearchResult } from "../search/search-file.js";
import { milliseconds, millions, percent, thousands } from "../base/format.js";
import type { SearchSpace } from "../space/space.js";
import { describePlacement } from "../target/placement.js";
import type { Format } from "../format/format.js";
import { formatNames, formats } from "../format/formats.js";
import { warningsOf } from "../target/machine-state.js";
import { drawArchitecture } from "./architecture-drawing.js";
import { curve } from "./curves.js";
import { html, Markup } from "../base/html.js";
import { shellWord } from "../base/text.js";
import { paretoPlot } from "./pareto-plot.js";
import type { RunFolder } from "./read-folder.js";
import { drawRuns } from "./runs-drawing.js";

type Child = RunFolder["children"][number];
type Fact = readonly [name: string, value: string | number | undefined];

export function page(found: RunFolder, css: string): string {
  const { name } = found.space;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${name} · nestling</title>
        <style>
          ${new Markup(css)}
        </style>
      </head>
      <body>
        <main>
          <h1>${name}</h1>
          <p class="soft">${summary(found)}</p>
          ${children(found)} ${found.search && fronts(found.search)} ${training(found)}
          ${found.search && allCandidates(found.search)} ${provenance(found)}
        </main>
      </body>
    </html> `.text;
}

function summary({ checkpoint, search, children: exported }: RunFolder): string {
  const parts = [
    checkpoint?.training &&
      `Supernet trained for ${thousands(checkpoint.training.step)} of ${thousands(checkpoint.training.totalSteps)} steps on ${checkpoint.data.source}.`,
    search &&
      `${thousands(search.candidates.length)} children compiled, ${thousands(judgedIn(search))} judged${search.complete ? "" : " so far"}.`,
    `${exported.length} exported.`,
  ];
  return parts.filter(Boolean).join(" ");
}

function children({ folder, children: exported, space, checkpoint, search }: RunFolder): Markup {
  if (exported.length === 0) {
    return html`<h2>Chosen children</h2>
      <p>None yet: <code>nestling search ${shellWord(folder)} --budget macs=3M</code> finds and exports them.</p>`;
  }
  return html`<h2>Chosen children</h2>
    <div class="pair">
      ${exported.map((child) => card(child, checkpoint && folder, space, wasChosen(search, child.certificate)))}
    </div>`;
}

function card({ path, certificate: c }: Child, run: string | undefined, space: SearchSpace, isChosen: boolean): Markup {
  const [low, high] = c.accuracyInterval;
  return html`<article class="card">
    <h3>${c.file}</h3>
    ${facts([
      ["chosen", isChosen ? undefined : "not by the last search: of an earlier one, or exported by itself"],
      ["test accuracy", `${percent(c.accuracy)} (${percent(low)} to ${percent(high)})`],
      ...[c, ...(c.otherTargets ?? [])].map(({ target, latencyMs, latency }): readonly [string, string] => [
        target === "local" ? "latency" : `latency on ${target}`,
        `${milliseconds(latencyMs)} (${latency.intervalMs.map((bound) => bound.toFixed(3)).join(" to ")}), batch 1`,
      ]),
      ...[c, ...(c.otherTargets ?? [])].flatMap(
        ({ target, environment, latency: { numerics, state, placement } }): Fact[] => [
          [
            `logits on ${target}`,
            numerics &&
              `differ by at most ${numerics.maxDifference.toExponential(1)}; ${numerics.tolerance.toExponential(1)} allowed`,
          ],
          [`nodes on ${target}`, placement && describePlacement(placement, String(environment["executionProvider"]))],
          [`${target} while timing`, state && (warningsOf(state).join(" ") || undefined)],
        ],
      ),
      ["MACs", millions(c.macs)],
      ["parameters", thousands(c.parameters)],
      ["precision", precisionOf(c)],
      ["file", `${thousands(c.fileBytes)} bytes`],
      ["architecture", c.id],
      ["from the supernet", `at most ${c.maxDifference.toExponential(1)}; ${c.tolerance.toExponential(1)} allowed`],
      ["SHA-256", c.sha256],
    ])}
    ${[c, ...(c.otherTargets ?? [])].map(({ target, latency: { quantilesMs, courseMs, seconds } }) => quantilesMs && courseMs && drawRuns({ target, quantilesMs, courseMs, seconds }))}
    <div class="scroll" tabindex="0">
      ${c.provenance.spaceHash === space.hash && drawArchitecture(c.architecture, space.parts)}
    </div>
    <p class="small soft">
      Height: channels. k×k: kernel, e: expand ratio. Dashed: blocks that this child leaves out. Input
      ${c.architecture.resolution} × ${c.architecture.resolution} pixels.
    </p>
    <pre>${usage(path, c, run)}</pre>
  </article>`;
}

const precisionOf = ({ precision, keptInFloat32: kept = [], quantization }: Child["certificate"]): string => {
  const inFloat = kept.length + (quantization ? countOf(quantization.float) : 0);
  return inFloat > 0 ? `${precision}, ${inFloat} nodes in float32` : precision;
};

/** What to type to use a child: in a program, to check it, in the stacks that folders are written for. */
function usage(path: string, { inputs, outputs, precision }: Child["certificate"], run: string | undefined): string {
  const file = shellWord(path);
  const shapes = `pixel_values [${inputs.pixel_values.join(", ")}] → logits [${outputs.logits.join(", ")}]`;
  return [
    `# ${shapes}`,
    `session = onnxruntime.InferenceSession(${JSON.stringify(path)})`,
    `nestling verify ${file}${run === undefined ? "" : ` --run ${shellWord(run)}`}`,
    `nestling bench ${file}`,
    ...Object.entries<Format>(formats)
      .filter(([, { onlyFloat32 }]) => !onlyFloat32 || precision === "float32")
      .map(
        ([name, { says }]) => `nestling deploy ${file} --for ${name.padEnd(FORMAT_WIDTH)} --out deployed  # ${says}`,
      ),
  ].join("\n");
}

const FORMAT_WIDTH = Math.max(...formatNames.map(({ length }) => length));

function fronts(search: SearchResult): Markup {
  const budgets = budgetsOfSearch(search);
  const cost = (kind: Budget["kind"]) => (value: number) => formatCost(kind, value);
  const { latencyMs: latency, otherLatencies = {} } = search.front;
  const place = search.target === undefined || search.target === "local" ? "this machine" : search.target;
  return html`<h2>Accuracy against cost</h2>
    <p class="soft">
      Every point is one compiled .onnx file, judged on onnxruntime. Accuracy here is what to expect on new images, by
      what all children tell together on ${thousands(search.validationImages)} validation images, never the test set;
      lines are 95 % intervals. Much of their length is common to all children, which differ less than it seems.
    </p>
    ${[...explain(search), ...comparePrecisions(search)].map((line) => html`<p>${line}</p>`)}
    <div class="pair">
      ${paretoPlot(search, budgets, {
        kind: "macs",
        name: "MACs",
        cost: ({ macs }) => macs,
        interval: () => undefined,
        front: search.front.macs,
        show: cost("macs"),
      })}${
        latency &&
        paretoPlot(search, budgets, {
          kind: "latency",
          name: `latency on ${place}`,
          cost: ({ latencyMs }) => latencyMs,
          interval: ({ latencyIntervalMs }) => latencyIntervalMs,
          front: latency,
          show: cost("latency"),
        })
      }${Object.entries(otherLatencies).map(([target, front]) =>
        paretoPlot(search, budgets, {
          ...{ kind: "latency", target, name: `latency on ${target}`, front, show: cost("latency") },
          cost: (candidate) => candidate.otherLatencies?.[target]?.latencyMs,
          interval: (candidate) => candidate.otherLatencies?.[target]?.latencyIntervalMs,
        }),
      )}
    </div>`;
}

function training({ log }: RunFolder): Markup | undefined {
  if (log.length === 0) return undefined;
  return html`<h2>Training</h2>
    <p class="soft">
      On augmented training images, before batch norm recalibration. Distilled children's loss is against the biggest
      child's soft labels.
    </p>
    <div class="pair">
      ${curve(log, "accuracy", "accuracy", (value) => percent(value, 0))}${curve(log, "loss", "loss", (value) => String(Number(value.toFixed(2))))}
    </div>`;
}

function allCandidates(search: SearchResult): Markup {
  const rows = [...search.candidates].sort((a, b) => a.macs - b.macs);
  return html`<h2>All children judged</h2>
    <details class="card">
      <summary>${rows.length} ${search.precisions ? "children" : "architectures"}</summary>
      <div class="scroll">
        <table>
          <tr>
            <th>id</th>
            <th class="text">phase</th>
            <th>px</th>
            <th>MACs</th>
            <th>parameters</th>
            <th>expected accuracy</th>
            <th>images</th>
            <th>latency</th>
            <th class="text"></th>
          </tr>
          ${rows.map(
            ({ id, phase, budget, architecture, macs, parameters, expectedAccuracy, count, latencyMs, inFinal }) =>
              html`<tr>
                <td>${id}</td>
                <td class="text">${phase}${budget !== undefined && ` for ${budget}`}</td>
                <td>${architecture.resolution}</td>
                <td>${millions(macs)}</td>
                <td>${thousands(parameters)}</td>
                <td>${count > 0 && percent(expectedAccuracy)}</td>
                <td>${count}</td>
                <td>${latencyMs !== undefined && milliseconds(latencyMs)}</td>
                <td class="text">${inFinal ? "final" : count === 0 && "within no budget"}</td>
              </tr> `,
          )}
        </table>
      </div>
    </details>`;
}

function provenance({ checkpoint, search, children: [first], log }: RunFolder): Markup {
  const environment = first?.certificate.environment ?? {};
  const training = checkpoint?.training;
  const recipe = training?.recipe as { name?: string; batch?: number } | undefined;
  return html`<h2>Where this is from</h2>
    <div class="card">
      ${facts([
        ["recipe", recipe && `${recipe.name}, batch ${recipe.batch}`],
        ["seed", checkpoint?.seed],
        ["engine", training && [training.engine, training.execution, training.precision].filter(Boolean).join(", ")],
        ["training speed", log.at(-1) && `${log.at(-1)!.imagesPerSecond} images/s`],
        ["data", checkpoint && `${checkpoint.data.source} (${checkpoint.data.fingerprint.slice(0, 16)}…)`],
        ["weights", checkpoint?.weights.sha256 ?? search?.checkpoint],
        [
          "search",
          search &&
            `${search.grid}; then at most ${search.fineCandidates} children for each budget, seed ${search.seed}; ${thousands(search.judgedImages)} images judged`,
        ],
        ["precision", search && (search.precisions?.join(", ") ?? search.precision ?? defaultPrecision)],
        ["recalibration", search && `${thousands(search.recalibrationImages)} training images`],
        ...Object.entries(environment).map(([key, value]): Fact => [
          key,
          Array.isArray(value) ? value.join(", ") : typeof value === "string" ? value : JSON.stringify(value),
        ]),
      ])}
    </div>`;
}

const facts = (rows: readonly Fact[]): Markup =>
  html`<dl>
    ${rows.map(
      ([name, value]) =>
        value !== undefined &&
        html`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
