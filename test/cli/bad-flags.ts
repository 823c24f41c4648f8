/** Bad commands, options and recipes. */
import type { BadInput } from "./bad-input.js";
import { trainOn } from "./bad-data.js";
import { tinySpacePath } from "./bad-spaces.js";

const images = "fixtures/fashion-mnist";
const line = (name: string, args: readonly string[], ...says: (string | RegExp)[]): BadInput => ({ name, args, says });

const train = (option: string, value: string, ...says: (string | RegExp)[]): BadInput =>
  line(
    `train ${option} ${JSON.stringify(value)}`,
    ["train", "--space", tinySpacePath, "--data", images, "--out", "out", option, value],
    option,
    ...says,
  );

const onRun = (name: string, args: readonly string[], ...says: (string | RegExp)[]): BadInput => ({
  name,
  args,
  says,
  prepare: ({ copyRun }) => copyRun(),
});
const search = (value: string, ...says: (string | RegExp)[]): BadInput =>
  onRun(`the budget ${value}`, ["search", "run", "--budget", value], "--budget", ...says);

const recipe = (name: string, content: unknown, ...says: (string | RegExp)[]): BadInput => ({
  name: `a recipe ${name}`,
  args: trainOn(images, "--recipe", "recipe.json"),
  says,
  prepare: ({ write }) => write("recipe.json", typeof content === "string" ? content : JSON.stringify(content)),
});

export const badFlags: readonly BadInput[] = [
  line("no command", [], "Usage: nestling", "train"),
  line("an unknown command", ["trian"], "unknown command 'trian'", "Did you mean train?"),
  line("space without what to do", ["space"], "Usage: nestling space", "check"),
  line("an unknown command of space", ["space", "chek", "fashion"], "unknown command 'chek'", "Did you mean check?"),
  line("an unknown option", ["doctor", "--jsno"], "unknown option '--jsno'", "Did you mean --json?", "--help"),
  line(
    "a typing error in a required option",
    ["train", "--spcae", "x", "--epochs", "few"],
    /^error: unknown option '--spcae'/,
    "Did you mean --space?",
  ),
  line(
    "an unknown option after a value that looks like one",
    ["train", "--space=x", "--out", "--data", "--enigne=wasm"],
    /^error: unknown option '--enigne'/,
    "Did you mean --engine?",
  ),
  line("one argument too many", ["space", "check", "fashion", "bignas"], "too many arguments"),
  line("space check of nothing", ["space", "check"], "missing required argument 'space'"),
  line(
    "train without a space",
    ["train", "--data", images, "--out", "out"],
    "required option '--space <name|file>' not specified",
  ),
  line(
    "train without data",
    ["train", "--space", "fashion", "--out", "out"],
    "required option '--data <source>' not specified",
  ),
  line(
    "train without a place",
    ["train", "--space", "fashion", "--data", images],
    "required option '--out <run>' not specified",
  ),
  line("an option without its value", ["train", "--space"], "option '--space <name|file>' argument missing"),
  line("epochs and steps", trainOn(images, "--epochs", "1"), "'--steps <n>' cannot be used with option '--epochs <n>'"),
  line(
    "minutes and steps",
    trainOn(images, "--steps", "1", "--minutes", "1"),
    /'--minutes <n>' cannot be used with|cannot be used with option '--minutes <n>'/,
  ),
  train("--minutes", "0", "Want a number above 0"),
  train("--epochs", "0", "Want a number above 0"),
  train("--epochs", "NaN", "Want a number above 0"),
  train("--epochs", "1e300", "at most 1e6"),
  train("--epochs", "-1", "Want a number above 0"),
  train("--steps", "0", "Want a whole number from 1"),
  train("--steps", "1.5", "Want a whole number from 1"),
  train("--steps", "1e99", "Want a whole number from 1 to 1e9"),
  train("--batch", "", "Want a whole number from 1"),
  train("--batch", "many", "Want a whole number from 1"),
  line("a batch of one image", trainOn(images, "--batch", "1"), "batch is 1; want at least 2", "more than one image"),
  line(
    "a batch beyond the images",
    trainOn(images, "--batch", "1000000", "--recipe", "short"),
    "batch is 1000000; want",
    "--batch",
  ),
  recipe(
    "whose batch isn't cut into norm groups",
    { name: "odd", batch: 100 },
    "batch is 100; want a multiple of normGroup, 64",
    "Change the batch",
  ),
  train("--norm-group", "1", "Want auto, or a whole number from 2"),
  line(
    "a norm group that doesn't divide the batch",
    trainOn(images, "--batch", "64", "--norm-group", "24"),
    "batch is 64; want a multiple of normGroup, 24",
    "--norm-group",
  ),
  train("--seed", "-1", "Want a whole number"),
  train("--seed", "0.5", "Want a whole number"),
  train("--threads", "0", "Want a whole number from 1 to 1024"),
  train("--threads", "100000", "Want a whole number from 1 to 1024"),
  train("--execution", "sideways", "Allowed choices are masked, sliced"),
  train("--engine", "gpuu", "Allowed choices are wasm, node"),
  recipe("that is not there", "", "recipe.json is not JSON"),
  line(
    "a recipe's name that is none",
    trainOn(images, "--recipe", "shrot"),
    "shrot is missing; want a shipped recipe (paper, short)",
    "docs/recipe.md",
  ),
  recipe("cut off", '{"name": "a",', "recipe.json is not JSON", "Fix it"),
  recipe("without a name", {}, "recipe.json: name is missing"),
  recipe("with an unknown key", { name: "a", learnRate: 1 }, "unknown key learnRate", "docs/recipe.md"),
  recipe("of negative epochs", { name: "a", epochs: -1 }, "recipe.json: epochs is -1; want >=0.001"),
  recipe("of endless epochs", { name: "a", epochs: 1e9 }, "recipe.json: epochs is 1000000000; want <=1000000"),
  recipe("with an unknown optimizer", { name: "a", optimizer: { kind: "adam" } }, "recipe.json: optimizer.kind"),
  recipe(
    "with an unknown distillation",
    { name: "a", distillation: "soft" },
    'distillation is "soft"; want one of "inplace", "none"',
  ),
  recipe("with a dropout of 1", { name: "a", dropout: 1 }, "recipe.json: dropout is 1; want <=0.95"),
  recipe("with text for a number", { name: "a", weightDecay: "small" }, 'weightDecay is "small"; want number'),
  recipe("that sets all images aside", { name: "a", validationShare: 1 }, "validationShare is 1; want <0.9"),
  line("search without a run", ["search", "--budget", "macs=5M"], "missing required argument 'run'"),
  onRun("search without a budget", ["search", "run"], "required option '--budget <kind=limit>' not specified"),
  search("macs", "macs=5M"),
  search("macs=5Q", "--budget is macs=5Q", "k, M, G"),
  search("flops=5M", "--budget is flops=5M", "latency=1.5ms, macs=5M or parameters=100k"),
  search("macs=0", "--budget is macs=0"),
  search("latency=-1ms", "--budget is latency=-1ms"),
  search("latency=5", "--budget is latency=5", "its unit"),
  search("macs=1", "--budget is macs=1; want at least macs=", /Use --budget macs=[\d.]+k or more/),
  onRun(
    "a budget twice",
    ["search", "run", "--budget", "macs=5M", "--budget", "macs=5000k"],
    "macs=5000k a second time",
    "Name each budget once",
  ),
  onRun("no mutants", ["search", "run", "--budget", "macs=5M", "--fine", "0"], "--fine", "Want a whole number from 1"),
  onRun(
    "no recalibration",
    ["search", "run", "--budget", "macs=5M", "--recalibration-images", "0"],
    "--recalibration-images",
    "from 1",
  ),
  onRun("export of nothing", ["export", "run", "--out", "a.onnx"], "required option '--arch <which>' not specified"),
  onRun("export to nowhere", ["export", "run", "--arch", "biggest"], "required option '--out <file>' not specified"),
  onRun(
    "export to another kind of file",
    ["export", "run", "--arch", "biggest", "--out", "a.pb"],
    "the file to write is a.pb; want a name that ends in .onnx",
    "Use a.pb.onnx",
  ),
  onRun(
    "export of no architecture",
    ["export", "run", "--arch", "huge!", "--out", "a.onnx"],
    'architecture id is "huge!"',
  ),
  onRun(
    "a fixed batch of 0",
    ["export", "run", "--arch", "biggest", "--out", "a.onnx", "--static-batch", "0"],
    "from 1 to 1024",
  ),
  onRun(
    "a fixed batch of a billion",
    ["export", "run", "--arch", "biggest", "--out", "a.onnx", "--static-batch", "1000000000"],
    "from 1 to 1024",
  ),
  line("bench of nothing", ["bench"], "missing required argument 'files'"),
  ...["0", "-1", "soon", "1e9"].map((value) =>
    line(
      `bench for ${value} seconds`,
      ["bench", "a.onnx", "--seconds", value],
      "--seconds",
      "Want a number above 0, at most 3600",
    ),
  ),
  line(
    "bench on an unknown target",
    ["bench", "a.onnx", "--target", "pi"],
    "target is pi; want",
    "nestling.targets.json",
  ),
  line("a target with a wrong option", ["bench", "a.onnx", "--target", "local:thread=2"], "unknown key thread"),
  line("a target whose provider isn't there", ["bench", "a.onnx", "--target", "local:provider=npu"], "provider is npu"),
  line("threads and a target", ["bench", "a.onnx", "--threads", "2", "--target", "local"], "--threads is given with"),
  line(
    "samples of several targets",
    ["bench", "a.onnx", "--target", "local", "--target", "local:threads=2", "--samples", "s"],
    "--samples is given with 2 targets; want one target",
  ),
  line(
    "a gate without a certificate",
    ["bench", "a.onnx", "--fail-above", "5%"],
    "--fail-above is given without --against; want a certificate to compare with",
  ),
  onRun(
    "samples in place of the file that is timed",
    ["bench", "run/child.onnx", "--samples", "./run/child.onnx"],
    "run/child.onnx is a file that this measurement reads; want a file for the samples alone",
  ),
  onRun(
    "samples in place of the certificate that is compared with",
    ["bench", "run/child.onnx", "--against", "run/child.json", "--samples", "run/child.json"],
    "run/child.json is a file that this measurement reads",
  ),
  onRun(
    "search on an unknown target",
    ["search", "run", "--budget", "macs=5M", "--target", "pi"],
    "target is pi; want",
  ),
  onRun(
    "a processor for a precision that is not int8",
    ["search", "run", "--budget", "macs=1M", "--precision", "float16", "--int8-for", "x64"],
    "--int8-for is given with --precision float16; want --precision int8",
  ),
  onRun(
    "a processor for precisions without int8",
    ["search", "run", "--budget", "macs=1M", "--precision", "float32,float16", "--int8-for", "x64"],
    "--int8-for is given with --precision float32,float16; want --precision int8",
  ),
  onRun(
    "a precision twice",
    ["search", "run", "--budget", "macs=1M", "--precision", "float32,float32"],
    "--precision is float32,float32; want one or several, each once. Name each precision once.",
  ),
  onRun(
    "int8 in an opset that has no DequantizeLinear by channel",
    ["export", "run", "--arch", "biggest", "--out", "child.onnx", "--precision", "int8", "--opset", "12"],
    "the opset is 12; want one from 13 to 26",
  ),
  onRun("a budget of an unknown target", ["search", "run", "--budget", "latency@pi=5ms"], "target is pi; want"),
  line("a check of an unknown target", ["target", "check", "pi"], "target is pi; want"),
  ...["30", "fps", "0fps", "0.4fps", "2000fps", "-30fps", "30 fps"].map((value) =>
    line(`bench at a pace of ${value}`, ["bench", "a.onnx", "--pace", value], "--pace", "such as 30fps"),
  ),
  ...["60", "1m", "s", "5s", "-60s", "4000s", "1e2s"].map((value) =>
    line(`bench sustained for ${value}`, ["bench", "a.onnx", "--sustain", value], "--sustain", "such as 60s"),
  ),
  line("bench with 0 threads", ["bench", "a.onnx", "--threads", "0"], "--threads", "from 1 to 1024"),
  line("verify of nothing", ["verify"], "missing required argument 'file'"),
  line("report of nothing", ["report"], "missing required argument 'run'"),
];
