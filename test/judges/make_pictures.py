"""Pictures of every kind that people have, in class folders. Usage: python make_pictures.py FOLDER"""

import struct
import sys
import zlib
from pathlib import Path

import numpy
from PIL import Image, ImageCms

#: Width and height: as the net, smaller, larger, wide, tall, of odd and even rests, of one pixel.
SIZES = [(32, 32), (9, 7), (301, 203), (200, 41), (30, 171), (33, 24), (1, 50), (97, 61)]


def samples(width, height, channels, seed):
    """Waves and noise, of which every class has its own."""
    noise = numpy.random.default_rng(seed).normal(0, 12, (height, width, channels))
    y, x, c = numpy.mgrid[0:height, 0:width, 0:channels]
    waves = 120 + 90 * numpy.sin(x / (3 + seed % 3) + c) + 40 * numpy.cos(y / (4 + c))
    return numpy.clip(waves + noise, 0, 255).astype(numpy.uint8)


def png16(path, values, colour_type):
    """A PNG of 16 bits, which Pillow can't write but for grey."""
    height, width, _ = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)

    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    signature = b"\x89PNG\r\n\x1a\n"
    path.write_bytes(
        signature + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def xmp(orientation):
    """As Lightroom and others write it."""
    tag = f'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="{orientation}"/>'
    rdf = f'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">{tag}</rdf:RDF>'
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{rdf}</x:xmpmeta>'.encode()


def turned_otherwise(folder, rgb):
    """Orientations that are not in EXIF before the pixels."""
    exif = Image.Exif()
    exif[0x112] = 6
    for orientation in (2, 5, 6):
        rgb.save(folder / f"xmp-{orientation}.jpg", xmp=xmp(orientation))
    rgb.save(folder / "xmp-and-exif.jpg", xmp=xmp(3), exif=exif)
    rgb.save(folder / "xmp.webp", xmp=xmp(8), lossless=True)
    rgb.save(folder / "xmp.tif", tiffinfo={700: xmp(8)})
    rgb.save(folder / "plain.tmp", "PNG")
    plain = (folder / "plain.tmp").read_bytes()
    (folder / "plain.tmp").unlink()
    # A PNG's first chunk takes 25 bytes after the 8 of its signature, its last 12.
    start, pixels, end = plain[:33], plain[33:-12], plain[-12:]
    tiff = exif.tobytes().removeprefix(b"Exif\0\0")
    text = f"\nexif\n{len(tiff):8}\n{tiff.hex()}\n".encode()
    for name, extra in {
        "exif": chunk(b"eXIf", tiff),
        "magick": chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(text)),
        "magick-plain": chunk(b"tEXt", b"Raw profile type exif\0" + text),
        "xmp": chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(6)),
        "xmp-packed": chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(xmp(6))),
    }.items():
        (folder / f"before-{name}.png").write_bytes(start + extra + pixels + end)
        (folder / f"after-{name}.png").write_bytes(start + pixels + extra + end)


def small_frame(folder, seed):
    """GIFs whose first frame doesn't cover them, see-through and not, with a palette of the file or the frame, and without one."""
    numbers = numpy.random.default_rng(seed).integers(0, 128, 20 * 15, dtype=numpy.uint8)
    palette = numpy.random.default_rng(seed + 1).integers(0, 256, 384, dtype=numpy.uint8).tobytes()
    see_through = b"!\xf9\x04\1\0\0\x09\0"
    for name, of_file, of_frame, control in [
        ("frame", palette, b"", b""),
        ("frame-see-through", palette, b"", see_through),
        ("frame-own", b"", palette, see_through),
        ("frame-grey", b"", b"", see_through),
    ]:
        # Codes of eight bits, cleared before they would get longer: bytes as they are.
        codes = b"".join(b"\x80" + numbers[at : at + 100].tobytes() for at in range(0, 300, 100)) + b"\x81"
        blocks = b"".join(bytes([len(codes[at : at + 255])]) + codes[at : at + 255] for at in range(0, len(codes), 255))
        head = b"GIF89a" + struct.pack("<HHBBB", 33, 25, 0x86 if of_file else 0, 0, 0) + of_file + control
        frame = b"," + struct.pack("<HHHHB", 3, 4, 20, 15, 0x86 if of_frame else 0) + of_frame + b"\x07" + blocks + b"\0;"
        (folder / f"{name}.gif").write_bytes(head + frame)


def make(folder, seed):
    folder.mkdir(parents=True)
    for width, height in SIZES:
        rgb = Image.fromarray(samples(width, height, 3, seed))
        rgb.save(folder / f"size-{width}x{height}.png")
        rgb.save(folder / f"size-{width}x{height}.jpg", quality=85)
    four = samples(61, 43, 4, seed)
    rgb, rgba = Image.fromarray(four[..., :3]), Image.fromarray(four)
    grey = Image.fromarray(four[..., 0])
    deep = four.astype(numpy.uint16) * 257 - 37
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    # Red and green change places: whoever applies it gets other colours.
    at = profile.index(b"rXYZ"), profile.index(b"gXYZ")
    profile[at[0]], profile[at[1]] = profile[at[1]], profile[at[0]]

    grey.save(folder / "grey.png")
    grey.save(folder / "grey.jpg")
    grey.convert("1").save(folder / "bits.png")
    rgba.save(folder / "alpha.png")
    rgba.save(folder / "alpha.webp", lossless=True, exact=True)
    rgba.save(folder / "alpha.tif")
    Image.fromarray(four[..., :2]).save(folder / "grey-alpha.png")
    rgb.save(folder / "profile.png", icc_profile=bytes(profile))
    rgb.save(folder / "profile.jpg", icc_profile=bytes(profile))
    rgb.save(folder / "photo.webp", quality=80)
    rgb.save(folder / "progressive.jpg", quality=70, progressive=True)
    rgb.save(folder / "full-colour.jpg", quality=90, subsampling=0)
    rgb.save(folder / "packed.tif", compression="tiff_lzw")
    Image.fromarray(four, "CMYK").save(folder / "cmyk.jpg", quality=95)
    Image.fromarray(four, "CMYK").save(folder / "cmyk.tif")
    png16(folder / "grey16.png", deep[..., :1], 0)
    png16(folder / "grey-alpha16.png", deep[..., :2], 4)
    png16(folder / "rgb16.png", deep[..., :3], 2)
    png16(folder / "alpha16.png", deep, 6)
    Image.fromarray(deep[..., 0]).save(folder / "grey16.tif")
    palette = rgb.quantize(64)
    palette.save(folder / "palette.png")
    palette.save(folder / "palette-alpha.png", transparency=3)
    palette.save(folder / "palette.gif")
    palette.save(folder / "see-through.gif", transparency=5)
    grey.save(folder / "grey.gif")
    palette.save(folder / "animated.gif", save_all=True, append_images=[palette.rotate(90), palette], loop=0)
    turned_otherwise(folder, rgb)
    small_frame(folder, seed)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x112] = orientation
        rgb.save(folder / f"turned-{orientation}.jpg", exif=exif, quality=92)
        if orientation in (3, 6):
            rgb.save(folder / f"turned-{orientation}.png", exif=exif)
            rgb.save(folder / f"turned-{orientation}.webp", exif=exif, lossless=True)
            rgb.save(folder / f"turned-{orientation}.tif", exif=exif)


for number, name in enumerate(["ash", "birch", "cedar"]):
    for part in ("train", "test"):
        make(Path(sys.argv[1]) / part / name, 2 * number + (part == "test"))
