/** How a machine is at this moment, as far as Linux shows it: a device that is hot or short of power is slower than it could be. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A machine's clock and heat, read now. What the system does not show is left out. */
export interface MachineState {
  /** The first core's clock rate in MHz: now, and the most that it is allowed. */
  readonly clockMHz?: { readonly now: number; readonly most: number } | undefined;
  /** The hottest of the system's sensors, in °C. */
  readonly temperatureC?: number | undefined;
  /** What slows a Raspberry Pi, now or since it started; empty for nothing. */
  readonly throttling?: readonly string[] | undefined;
}

/** A machine before and after a session; what the system does not show is left out. */
export interface StateChange {
  readonly before: MachineState;
  readonly after: MachineState;
}

/** A rise of so many °C says that the device warmed up while it was measured. */
const NOTABLE_RISE = 10;

/** What of a change should make one doubt a latency, in sentences. */
export function warningsOf({ before, after }: StateChange): string[] {
  const began = (after.throttling ?? []).filter((reason) => !before.throttling?.includes(reason));
  const [from, to] = [before.temperatureC ?? Infinity, after.temperatureC ?? -Infinity];
  return [
    ...(before.throttling && began.length > 0
      ? [`The device slowed itself during the session: ${began.join(", ")}.`]
      : []),
    ...(to - from >= NOTABLE_RISE
      ? [`The device became hotter during the session: ${Math.round(from)} °C, then ${Math.round(to)} °C.`]
      : []),
  ];
}

/** Bits of the firmware's answer, as `vcgencmd get_throttled` documents them. */
const reasons: readonly (readonly [bit: number, reason: string])[] = [
  [0, "under-voltage"],
  [1, "clock capped"],
  [2, "throttled"],
  [3, "temperature limit"],
  [16, "under-voltage before"],
  [17, "clock capped before"],
  [18, "throttled before"],
  [19, "temperature limit before"],
];

/**
 * @param root where the system describes itself; another for tests
 * @returns undefined where it shows nothing
 */
export function machineState(root = "/"): MachineState | undefined {
  const numberAt = (path: string, base = 10): number | undefined => {
    const value = Number.parseInt(textOf(join(root, path)), base);
    return Number.isNaN(value) ? undefined : value;
  };
  const cpufreq = "sys/devices/system/cpu/cpu0/cpufreq";
  const [now, most] = [numberAt(`${cpufreq}/scaling_cur_freq`), numberAt(`${cpufreq}/scaling_max_freq`)];
  const thermal = "sys/class/thermal";
  const sensors = namesIn(join(root, thermal)).filter((name) => name.startsWith("thermal_zone"));
  const temperatures = sensors.flatMap((name) => numberAt(`${thermal}/${name}/temp`) ?? []);
  const throttled = numberAt("sys/devices/platform/soc/soc:firmware/get_throttled", 16);
  const state: MachineState = {
    ...(now !== undefined && most !== undefined && { clockMHz: { now: now / 1000, most: most / 1000 } }),
    ...(temperatures.length > 0 && { temperatureC: Math.max(...temperatures) / 1000 }),
    ...(throttled !== undefined && {
      throttling: reasons.filter(([bit]) => (throttled >> bit) & 1).map(([, reason]) => reason),
    }),
  };
  return Object.keys(state).length > 0 ? state : undefined;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
