import { expect, test } from "vitest";
import { machineState, warningsOf } from "../../src/target/machine-state.js";
import { machineOf } from "../machine-files.js";
import { temporaryFolder } from "../temporary-folder.js";

test("a Raspberry Pi's clock, its hottest sensor, and what slows it", async () => {
  const root = await machineOf({
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "1500398\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_max_freq": "1800000\n",
    "sys/class/thermal/thermal_zone0/temp": "61835\n",
    "sys/class/thermal/thermal_zone1/temp": "48000\n",
    "sys/class/thermal/cooling_device0/cur_state": "1\n",
    "sys/devices/platform/soc/soc:firmware/get_throttled": "50005\n",
  });
  expect(machineState(root)).toEqual({
    clockMHz: { now: 1500.398, most: 1800 },
    temperatureC: 61.835,
    throttling: ["under-voltage", "throttled", "under-voltage before", "throttled before"],
  });
});

test("what a system does not show is left out; one that shows nothing has no state", async () => {
  expect(machineState(await machineOf({ "sys/class/thermal/thermal_zone0/temp": "-5000\n" }))).toEqual({
    temperatureC: -5,
  });
  expect(machineState(await machineOf({ "sys/devices/platform/soc/soc:firmware/get_throttled": "0\n" }))).toEqual({
    throttling: [],
  });
  expect(machineState(await temporaryFolder())).toBeUndefined();
});

test("only throttling that began and a notable rise of temperature are warned of", () => {
  const calm = { temperatureC: 48, throttling: ["under-voltage before"] };
  const warned = (after: typeof calm): string[] => warningsOf({ before: calm, after });
  expect(warned(calm)).toEqual([]);
  expect(warned({ temperatureC: 57.9, throttling: [] })).toEqual([]);
  expect(warned({ temperatureC: 30, throttling: calm.throttling })).toEqual([]);
  expect(warned({ temperatureC: 71.4, throttling: [...calm.throttling, "throttled", "throttled before"] })).toEqual([
    "The device slowed itself during the session: throttled, throttled before.",
    "The device became hotter during the session: 48 °C, then 71 °C.",
  ]);
  expect(warningsOf({ before: {}, after: { temperatureC: 99, throttling: ["throttled"] } })).toEqual([]);
});
