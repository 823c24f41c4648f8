/** nestling as a library: everything that the command line does, as functions. */
export { UserError, type ErrorCode, type Problem } from "./base/user-error.js";
export { version } from "./base/version.js";
export { loadDataset } from "./data/load.js";
export type { Dataset, ImageFacts, Images } from "./data/images.js";
export type { Picture } from "./data/pictures/picture.js";
export type { RandomParts } from "./data/augment/random-resized-crop.js";
export type { ImageBlock, LabelledBlock } from "./data/image-block.js";
export type { PackedFor } from "./data/pack/pack-plan.js";
export { packDataset, type Packed, type PackOptions } from "./data/pack/write-pack.js";
export type { ImageWishes } from "./data/load-listing.js";
export { loadSpace, loadArchitecture, parseSpace, shippedSpaces } from "./supernet/spaces.js";
export {
  biggest,
  smallest,
  sample,
  mutate,
  neighbours,
  countArchitectures,
  idOf,
  architectureOf,
  type SearchSpace,
  type SpaceData,
} from "./space/space.js";
export type { Architecture, Chosen } from "./space/architecture.js";
export type { Blocks, Choice, Dimension, Part, Path, SpaceParts } from "./space/choices.js";
export { random, type Key, type Random } from "./base/random.js";
export { buildSupernet, type Supernet } from "./supernet/supernet.js";
export type { SharedWeights } from "./supernet/weights.js";
export { slice } from "./supernet/slice.js";
export { costOf, type Cost } from "./graph/analyses.js";
export { print } from "./graph/print.js";
export type { ElasticGraph, Graph, PlainGraph } from "./graph/graph.js";
export type { ActivationFunction } from "./graph/activations.js";
export type { Node, NodeOf, OperatorName, OperatorSet } from "./graph/operators.js";
export type {
  Axis,
  Channels,
  DataType,
  ElasticKernel,
  Gate,
  Initializer,
  Kernel,
  Parameter,
  Setting,
  Size,
  Value,
} from "./graph/values.js";
export { engineNames } from "./engine/choose.js";
export type { TensorflowEngine } from "./engine/tensorflow/installed.js";
export type { BuildCheck } from "./engine/tensorflow/check.js";
export type { EngineName, TrainingPrecision } from "./engine/engine.js";
export { installEngine, type Installed, type InstallOptions } from "./install/install.js";
export {
  installOnnxruntime,
  type InstalledOnnxruntime,
  type OnnxruntimeOptions,
} from "./install/install-onnxruntime.js";
export { installPlugin, type InstalledPlugin, type PluginInstallOptions } from "./install/install-plugin.js";
export type { FetchedWheels, WheelOptions } from "./install/wheels.js";
export type { PjrtPlatform } from "./engine/pjrt/installed.js";
export { doctor, type Finding } from "./doctor/doctor.js";
export { loadRecipe, shippedRecipes, type Recipe } from "./train/recipe.js";
export { startingPoint, type StartingPoint, type StartOptions } from "./start/start.js";
export { writeStart, type StartFiles } from "./start/write-start.js";
export type { PictureSample } from "./data/sources/sample-pictures.js";
export { train, type TrainOptions, type TrainResult } from "./train/train.js";
export type { RunOptions } from "./train/plan-run.js";
export type { LogLine, RoleLog } from "./train/log.js";
export type { Role } from "./train/sandwich.js";
export type { Execution } from "./train/task.js";
export type { Numbers, Ranks } from "./ranks/ranks.js";
export type { CheckpointFile } from "./checkpoint/checkpoint-file.js";
export type { WeightsDescription } from "./checkpoint/checkpoint.js";
export { openRun, spaceOfRun, type Run } from "./run/run.js";
export { compiler, type CompileOptions, type CompiledChild, type Compiler } from "./compile/compile-child.js";
export type { Loss } from "./compile/pass.js";
export type { Int8Name, PrecisionName } from "./compile/precisions.js";
export type { LayoutName } from "./compile/layouts.js";
export { int8ForTarget, type ChosenLayout } from "./deploy/choose-layout.js";
export type { Provenance } from "./compile/provenance.js";
export type { Found, Note, StepReport, Tried } from "./compile/pass.js";
export type { Statistics } from "./compile/recalibration.js";
export { openTarget, type TargetOptions } from "./target/open-target.js";
export { checkTarget, type TargetCheck } from "./evaluate/check-target.js";
export { commandTarget, type CommandOptions } from "./target/command/command-target.js";
export { adbCommands, type AdbOptions } from "./target/command/adb.js";
export { localTarget, type LocalOptions } from "./target/local.js";
export { agentTarget, type AgentTargetOptions } from "./target/agent/agent-target.js";
export { startAgent, type Agent, type AgentOptions } from "./target/agent/start-agent.js";
export { browserTarget } from "./target/browser/browser.js";
export type { BrowserTargetOptions } from "./target/browser/browser-options.js";
export type { PageLink } from "./target/browser/page-link.js";
export type { BrowserProvider } from "./target/browser/protocol.js";
export type { AgentLimits } from "./target/agent/limits.js";
export { mockTarget, type MockOptions, type MockRun, type MockTarget } from "./target/mock.js";
export type { LoadedModel, ModelRun, Start, Stretch, Target, TimedRound } from "./target/target.js";
export type { BrowserFacts, Environment } from "./target/environment.js";
export type { PlacedNodes, Placement } from "./target/placement.js";
export { warningsOf, type MachineState, type StateChange } from "./target/machine-state.js";
export { measureAccuracy, type Accuracy } from "./evaluate/accuracy.js";
export { openLatencyBench, type Effort, type LatencyBench, type LatencyOptions } from "./evaluate/latency.js";
export type { Latency, Round, Session } from "./evaluate/rounds.js";
export type { PacedLatency } from "./evaluate/paced.js";
export type { SustainedLatency } from "./evaluate/sustained.js";
export type { Timed } from "./evaluate/session.js";
export { probeOf, numericsOf, type Differences, type Numerics, type Probe, type ProbeInput } from "./evaluate/probe.js";
export { benchFiles, type BenchOptions, type BenchResult } from "./deploy/bench-files.js";
export {
  parseBudget,
  parseBudgets,
  type Budget,
  type BudgetKind,
  type Costs,
  type LatencyCost,
} from "./search/budget.js";
export type { SearchResult, Candidate } from "./search/search-file.js";
export type { SearchOptions, SearchProgress } from "./search/search.js";
export { search, type SearchAndExportOptions, type SearchOutcome } from "./deploy/search-and-export.js";
export { profileTarget, type ProfileOptions } from "./search/profile/profile-target.js";
export { readLatencyProfile, type LatencyProfile } from "./search/profile/profile-file.js";
export type { Hits } from "./search/hits.js";
export type { Judge, JudgedChild, ScreenedLatency, TargetBench } from "./search/judge.js";
export type { Subject } from "./search/subject.js";
export type { Crew, CrewTask, JudgedBy } from "./search/crew.js";
export { openCrew, type CrewOptions, type CrewProgress, type QueueCrew } from "./queue/crew.js";
export { startWorker, type Worker, type WorkerJob, type WorkerOptions } from "./queue/worker.js";
export { exportChild, exportChildren, type ExportOptions } from "./deploy/export-child.js";
export type { JudgeOptions } from "./deploy/judge-child.js";
export type { Repeat } from "./deploy/verify-latency.js";
export { deployChildren, type DeployOptions, type Deployed } from "./format/deploy-child.js";
export type { LeftOut } from "./format/given-children.js";
export { deploySlices, type SlicesOptions } from "./format/slices/deploy-slices.js";
export { readShipped } from "./format/shipped-child.js";
export type { ShippedChild, ShippedFile } from "./format/format.js";
export { exportSlice } from "./format/slices/export-slice.js";
export type { FormatName } from "./format/formats.js";
export { verifyFolder, type VerifyFolderOptions } from "./format/verify-folder.js";
export { startServer, type ModelServer, type ServeOptions } from "./serve/start-server.js";
export type { ServeLimits } from "./serve/limits.js";
export { gateLatency, type GateResult } from "./deploy/gate.js";
export type { LatencyComparison } from "./deploy/compare-latency.js";
export { verifyChild, type Verification, type VerifyOptions } from "./deploy/verify.js";
export type { Check } from "./deploy/ledger.js";
export { certifiedProbe } from "./deploy/child-probe.js";
export type { Certificate } from "./deploy/certificate.js";
export { writeReport } from "./report/write-report.js";
