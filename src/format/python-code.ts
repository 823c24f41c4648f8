/** What Python folders have in common. Lines around the code define `certificate`, `wanted` (its preprocessing), `here` and `logits`. */
import { CERTIFICATE, inputFiles, MODEL, probeFiles } from "./child-files.js";
import { codeLicence } from "./code-licence.js";
import type { FolderFiles, ShippedChild } from "./format.js";

/** All but the code and its README. */
export const projectFiles = (child: ShippedChild): FolderFiles => ({
  [MODEL]: child.bytes,
  [CERTIFICATE]: child.certificateBytes,
  ...inputFiles(child.certificate),
  ...probeFiles(child),
  LICENSE: codeLicence(),
});

/** Pictures as a child takes them, by NumPy and Pillow. */
export const pixelsCode = `def normalized(pixels):
    """[images, height, width, channels] of bytes -> [images, channels, height, width] of float32."""
    values = (pixels * wanted["rescale_factor"] - wanted["image_mean"]) / wanted["image_std"]
    return values.transpose(0, 3, 1, 2).astype(numpy.float32)


def pixel_values(picture):
    """A path or a PIL image -> [1, channels, height, width]."""
    image = picture if isinstance(picture, Image.Image) else Image.open(picture)
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # grey of 16 bits: the high byte
        image = Image.fromarray((numpy.asarray(image) >> 8).astype(numpy.uint8))
    image = image.convert(wanted["color_mode"])
    width, height = (wanted["size"]["shortest_edge"] * side // min(image.size) for side in image.size)
    image = image.resize((width, height), wanted["resample"])
    crop = wanted["crop_size"]
    left, top = (width - crop["width"]) // 2, (height - crop["height"]) // 2
    image = image.crop((left, top, left + crop["width"], top + crop["height"]))
    return normalized(numpy.asarray(image).reshape(1, crop["height"], crop["width"], -1))`;

/** What a child says of pictures, and the program that prints it. */
export const classifyCode = `def classify(picture, top=5):
    """The most probable classes: [(label, probability)]."""
    row = logits(pixel_values(picture))[0].astype(numpy.float64)
    shares = numpy.exp(row - row.max())
    shares /= shares.sum()
    best = numpy.argsort(-shares, kind="stable")[:top]
    return [(certificate["labels"][i], float(shares[i])) for i in best]


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for path in sys.argv[1:]:
        print(path, *(f"{label} {100 * share:.1f} %" for label, share in classify(path)), sep="\\t")`;

/** The certificate's probe, computed and compared. */
export const probeCode = `path = here / "probe.json"
if not path.exists():
    print("The file is the certified one. Its certificate has no probe, so what it computes is not checked.")
    sys.exit()
probe = json.loads(path.read_text(encoding="utf-8"))
pixels = numpy.frombuffer(base64.b64decode(probe["pixels"]), numpy.uint8).reshape(probe["shape"])
difference = float(numpy.abs(logits(normalized(pixels)) - numpy.array(probe["logits"])).max())
right = difference <= probe["tolerance"]
print(f"{'ok' if right else 'DIFFERS'}: largest difference {difference:.1e}, {probe['tolerance']:.1e} allowed")
sys.exit(0 if right else 1)`;
