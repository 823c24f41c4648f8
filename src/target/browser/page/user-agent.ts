/** Browser and system, by what a browser says of itself. */

/** What Chromium adds where a page asks for it. */
export interface HighEntropy {
  readonly platform?: string;
  readonly platformVersion?: string;
  readonly architecture?: string;
  readonly bitness?: string;
  /** The phone's. */
  readonly model?: string;
}

/** In this order: most name themselves after others, too. */
const browsers: readonly (readonly [string, RegExp])[] = [
  ["Edge", /\bEdg(?:A|iOS)?\/(\d+)/],
  ["Opera", /\bOPR\/(\d+)/],
  ["Samsung Internet", /\bSamsungBrowser\/(\d+)/],
  ["Firefox", /\b(?:Firefox|FxiOS)\/(\d+)/],
  ["Chrome", /\b(?:Headless)?(?:Chrome|CriOS)\/(\d+)/],
  ["Safari", /\bVersion\/(\d+(?:\.\d+)?).* Safari\//],
];

const systems: readonly (readonly [string, RegExp])[] = [
  ["iOS", /\b(?:iPhone|iPad|CPU) OS (\d+(?:_\d+)*)/],
  ["Android", /\bAndroid (\d+(?:\.\d+)*)/],
  ["Windows", /\bWindows NT (\d+(?:\.\d+)*)/],
  ["macOS", /\bMac OS X (\d+(?:[_.]\d+)*)/],
  ["ChromeOS", /\bCrOS \w+ (\d+)/],
  ["Linux", /\bLinux (\w+)/],
];

const named = (list: readonly (readonly [string, RegExp])[], agent: string): string | undefined => {
  for (const [name, pattern] of list) {
    const version = pattern.exec(agent)?.[1];
    if (version !== undefined) return `${name} ${/^[\d_]+$/.test(version) ? version.replaceAll("_", ".") : version}`;
  }
  return undefined;
};

/** For example `Chrome 156`. */
export const browserOf = (agent: string): string => named(browsers, agent) ?? "unknown";

/** For example `Android 16`. */
export function osOf(agent: string, { platform = "", platformVersion = "" }: HighEntropy = {}): string {
  if (platform !== "" && platformVersion !== "") return `${platform} ${platformVersion.replace(/(\.0)+$/, "")}`;
  return named(systems, agent) ?? "unknown";
}

/** The phone, or the kind of processor: a page can't see more. */
export function cpuOf({ model = "", architecture = "", bitness = "" }: HighEntropy = {}): string {
  if (model !== "") return model;
  return architecture === "" ? "unknown" : `${architecture} ${bitness}-bit`;
}

/** All browsers of iPhone and iPad are WebKit. An iPad says that it is a Mac, which has no touch screen. */
export const isIos = (agent: string, touchPoints: number): boolean =>
  /\biP(?:hone|ad|od)\b/.test(agent) || (/\bMacintosh\b/.test(agent) && touchPoints > 1);
