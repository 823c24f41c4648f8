/** The certificate's probe again: on this machine's CPU, on the target, and its images against the data set. */
import { anchorNumerics } from "../evaluate/check-target.js";
import { agrees, numericsOf, type Differences, type Numerics, type Probe } from "../evaluate/probe.js";
import type { Run } from "../run/run.js";
import { localTarget, withTarget } from "../target/local.js";
import { withModel, type Target } from "../target/target.js";
import type { Certificate } from "./certificate.js";
import { certifiedProbe, probeImages, probePixels } from "./child-probe.js";
import type { Ledger } from "./ledger.js";

/** Whether the file still gives the certified logits, on this machine's CPU. */
export async function verifyProbe(bytes: Uint8Array, certificate: Certificate, found: Ledger): Promise<void> {
  const probe = certifiedProbe(certificate);
  if (!probe) {
    found.skip("probe", "the certificate has none");
    return;
  }
  const here = await numericsOn(localTarget({ profiles: false }), bytes, probe);
  found.check("probe", agrees(here), `${described(here)}, on this machine's CPU`);
}

/** @returns false where the target computes something else, so that its latency says nothing */
export async function verifyNumerics(
  bytes: Uint8Array,
  certificate: Certificate,
  {
    target: given,
    differences = "refused",
  }: { readonly target?: Target | undefined; readonly differences?: Differences },
  found: Ledger,
): Promise<boolean> {
  const probe = certifiedProbe(certificate);
  return withTarget(given, async (target) => {
    if (target.timesAlone) {
      found.skip("numerics", `not checked: ${target.name} gives times alone`);
      return true;
    }
    const [numerics, by] = probe
      ? [await numericsOn(target, bytes, probe), ""]
      : [await anchorNumerics(target), ", by the anchor, since the certificate has no probe"];
    const isAllowed = differences === "noted" && Number.isFinite(numerics.maxDifference);
    const detail = `${described(numerics)}, on ${target.name}${by}`;
    if (!agrees(numerics) && isAllowed) found.note("numerics", detail);
    else found.check("numerics", agrees(numerics), detail);
    return agrees(numerics) || isAllowed;
  });
}

const numericsOn = (target: Target, bytes: Uint8Array, probe: Probe): Promise<Numerics> =>
  withModel(target, bytes, (model) => numericsOf(model, probe));

const described = ({ maxDifference, tolerance }: Numerics): string =>
  Number.isFinite(maxDifference)
    ? `largest difference ${maxDifference.toExponential(2)} of ${tolerance.toExponential(2)}`
    : "not a number for each logit";

/** Whether the probe's images are the ones that its seed draws of the test images. */
export async function verifyProbeImages(
  { probe, preprocessing, testImages }: Certificate,
  run: Pick<Run, "data">,
  found: Ledger,
): Promise<void> {
  if (!probe) return;
  const { channels, crop_size } = preprocessing;
  const side = crop_size.height;
  const drawn = probeImages(probe.seed, testImages, side * side * channels);
  const isDrawn = drawn.join() === probe.images.join() && drawn.every((image) => image < run.data.test.count);
  const pixels = isDrawn ? await probePixels(run, drawn, side) : undefined;
  const isSame = pixels !== undefined && Buffer.from(probe.pixels, "base64").equals(pixels);
  const which = `test images ${probe.images.join(", ")}`;
  const wrong = isDrawn ? `${which} have other pixels` : `${which} are not those of seed ${probe.seed}`;
  found.check("probe images", isSame, isSame ? `${which}, as seed ${probe.seed} draws them` : wrong);
}
