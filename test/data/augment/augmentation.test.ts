import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../../src/base/random.js";
import { augmentationSchema, augmented } from "../../../src/data/augment/augmentation.js";
import { beta } from "../../../src/data/augment/draw.js";
import { drawMix, mainLabels, mixImages, mixTargets, partnerOf } from "../../../src/data/augment/mix.js";
import { drawRectangle, erase } from "../../../src/data/augment/random-erasing.js";
import {
  drawPart,
  enoughFor,
  randomPart,
  reducedTo,
  resizedCrop,
  type RandomParts,
} from "../../../src/data/augment/random-resized-crop.js";
import { makeBatch } from "../../../src/data/make-batch.js";
import { rowsOf, type Picture } from "../../../src/data/pictures/picture.js";

const pictureOf = (width: number, height: number, channels: 1 | 3 = 3, seed = 0): Picture => {
  const draw = random(seed, "picture");
  const pixels = Uint8Array.from({ length: width * height * channels }, () => draw.integer(256));
  return { width, height, channels, pixels };
};

const everything = {
  crop: 2,
  flip: true,
  randomResizedCrop: {},
  colorJitter: { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 },
  automatic: { kind: "rand-augment" },
  randomErasing: {},
  mixup: {},
  cutmix: {},
};
const sides = fc.integer({ min: 1, max: 60 });
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

test("nothing is on unless asked for, and what is off changes no pixel", () => {
  const off = augmentationSchema.parse({});
  expect(off).toEqual({ crop: 0, flip: false });
  const picture = pictureOf(9, 9);
  expect(augmented(picture, off, [1]).pixels).toBe(picture.pixels);
});

test("a recipe's wrong ranges and unknown fields are refused", () => {
  for (const wrong of [
    { randomResizedCrop: { scale: [0.5, 0.1] } },
    { randomResizedCrop: { scale: [0, 1] } },
    { randomResizedCrop: { interpolation: "nearest" } },
    { colorJitter: { hue: 0.6 } },
    { automatic: { kind: "trivial-augment", magnitude: 9 } },
    { automatic: { kind: "rand-augment", magnitude: 31 } },
    { randomErasing: { probability: 2 } },
    { mixup: { alpha: 0 } },
    { cutout: {} },
  ]) {
    expect(augmentationSchema.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
  }
});

const parts = (options: object, key: RandomParts["key"]): RandomParts => ({
  ...augmentationSchema.parse({ randomResizedCrop: options }).randomResizedCrop!,
  key,
});

test("pictures of any size give parts of one size; the same key and index give the same part, another one another", () => {
  fc.assert(
    fc.property(sides, sides, fc.constantFrom(1 as const, 3 as const), fc.nat(), (width, height, channels, seed) => {
      const picture = pictureOf(width, height, channels, seed);
      const part = randomPart(rowsOf(picture), 1, parts({}, [seed]), 12);
      expect(part).toMatchObject({ width: 12, height: 12, channels });
      expect(part.pixels).toHaveLength(144 * channels);
      expect(randomPart(rowsOf(picture), 1, parts({}, [seed]), 12)).toEqual(part);
    }),
    { numRuns: 200 },
  );
  const picture = pictureOf(40, 30);
  expect(randomPart(rowsOf(picture), 1, parts({}, [1]), 12)).not.toEqual(
    randomPart(rowsOf(picture), 2, parts({}, [1]), 12),
  );
});

test("a part is the same whether the whole picture is reduced before, or only the rows that the part needs are read", () => {
  const wide = { width: 403, height: 230 };
  const options = parts({ scale: [0.25, 1] }, [3]);
  for (let index = 0; index < 20; index++) {
    const picture = pictureOf(wide.width, wide.height, 3, index);
    const small = reducedTo(enoughFor(options, 16), picture);
    expect(small.height).toBeLessThan(115);
    const { rows, ...facts } = rowsOf(picture);
    let asked = 0;
    const counted = (top: number, height: number): Picture => {
      asked += height;
      return rows(top, height);
    };
    const part = randomPart({ ...facts, rows: counted }, index, options, 16);
    expect(part).toEqual(randomPart(rowsOf(small), index, options, 16));
    const drawn = drawPart(random(...options.key, index, "randomResizedCrop"), small, options);
    expect(asked).toBe(drawn.height * 7);
    expect(part).toEqual(resizedCrop(small, drawn, 16, "bilinear"));
  }
});

test("a large picture is reduced by the factor that leaves its smallest part enough pixels: each the mean of its square", () => {
  const picture = pictureOf(650, 403, 1);
  // 403 / (16 / √0.25) = 12.6
  const small = reducedTo(enoughFor({ scale: [0.25, 1] }, 16), picture);
  expect(small).toMatchObject({ width: 54, height: 33 });
  let sum = 0;
  for (let y = 24; y < 36; y++) for (let x = 600; x < 612; x++) sum += picture.pixels[y * 650 + x]!;
  expect(small.pixels[2 * 54 + 50]).toBe(Math.round(sum / 144));
  expect(reducedTo(enoughFor({ scale: [0.25, 1] }, 16), small)).toBe(small);
  expect(reducedTo(enoughFor({ scale: [0.08, 1] }, 16), pictureOf(50, 60))).toMatchObject({ width: 50 });
});

test("an image's augmentation does not depend on the images beside it", () => {
  const augmentation = { ...augmentationSchema.parse(everything), key: [5, "augment", 0] };
  const normalization = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.2, 0.2] };
  const size = { width: 10, height: 10, channels: 3 } as const;
  const { pixels } = pictureOf(10, 30);
  const together = makeBatch({ ...size, pixels }, [7, 8, 9], 10, normalization, augmentation);
  [7, 8, 9].forEach((index, i) => {
    const own = { ...size, pixels: pixels.subarray(i * 300, (i + 1) * 300) };
    const alone = makeBatch(own, [index], 10, normalization, augmentation);
    expect(alone).toEqual(together.subarray(i * 300, (i + 1) * 300));
  });
});

test("switching one augmentation on leaves the draws of the others as they are", () => {
  const picture = pictureOf(8, 8);
  const jitter = { colorJitter: { brightness: 0.5 } };
  const jittered = augmented(picture, augmentationSchema.parse(jitter), [3]);
  const automatic = { automatic: { kind: "trivial-augment" } };
  expect(augmented(picture, augmentationSchema.parse({ ...jitter, ...automatic }), [3])).toEqual(
    augmented(jittered, augmentationSchema.parse(automatic), [3]),
  );
});

test("a random part lies in the picture, and has the areas and ratios asked for", () => {
  const options = { scale: [0.2, 0.5], ratio: [0.5, 2] } as const;
  const draw = random("parts");
  const [width, height] = [200, 150];
  const shares: number[] = [];
  const aspects: number[] = [];
  for (let i = 0; i < 2000; i++) {
    const part = drawPart(draw, { width, height }, options);
    expect(part.left >= 0 && part.top >= 0).toBe(true);
    expect(part.left + part.width <= width && part.top + part.height <= height).toBe(true);
    shares.push((part.width * part.height) / (width * height));
    aspects.push(Math.log(part.width / part.height));
  }
  expect(Math.min(...shares)).toBeGreaterThan(0.19);
  expect(Math.max(...shares)).toBeLessThan(0.51);
  expect(mean(shares)).toBeCloseTo(0.35, 1);
  expect(Math.max(...aspects.map(Math.abs))).toBeLessThan(Math.log(2) + 0.03);
});

test("where no part of the wanted ratio fits, it is the largest one in the middle", () => {
  const options = { scale: [0.9, 1], ratio: [1, 1] } as const;
  expect(drawPart(random(0), { width: 100, height: 10 }, options)).toEqual({ left: 45, top: 0, width: 10, height: 10 });
});

test("Beta(α, α) has mean ½ and variance 1 / (4 (2 α + 1))", () => {
  for (const alpha of [0.2, 1, 4]) {
    const draw = random("beta", alpha);
    const values = Array.from({ length: 20_000 }, () => beta(draw, alpha));
    const centre = mean(values);
    const variance = mean(values.map((value) => (value - centre) ** 2));
    expect(Math.abs(centre - 0.5)).toBeLessThan(0.01);
    expect(Math.abs(variance * 4 * (2 * alpha + 1) - 1)).toBeLessThan(0.05);
  }
});

test("random erasing sets its rectangle to 0 and nothing else, for the share of images asked for", () => {
  const options = { probability: 0.25, scale: [0.02, 0.33], ratio: [0.3, 3.3] } as const;
  const size = { width: 20, height: 16 };
  let erased = 0;
  for (let i = 0; i < 2000; i++) {
    const part = drawRectangle(random("erase", i), size, { ...options, scale: [0.02, 0.33], ratio: [0.3, 3.3] });
    if (!part) continue;
    erased++;
    const image = new Float32Array(20 * 16 * 3).fill(1);
    erase(image, 20, 3, part);
    image.forEach((value, at) => {
      const [x, y] = [Math.floor(at / 3) % 20, Math.floor(at / 60)];
      const inside = x >= part.left && x < part.left + part.width && y >= part.top && y < part.top + part.height;
      expect(value).toBe(inside ? 0 : 1);
    });
  }
  expect(Math.abs(erased / 2000 - 0.25)).toBeLessThan(0.04);
});

test("mixing keeps the total of images and targets; cutmix's share is that of its pixels", () => {
  const [count, width, channels, classes] = [5, 8, 3, 4];
  const draw = random("images");
  const images = Float32Array.from({ length: count * width * width * channels }, () => draw.next());
  const labels = [0, 1, 2, 3, 0];
  const targets = Float32Array.from({ length: count * classes }, (_, i) => Number(labels[Math.floor(i / 4)] === i % 4));
  const floats = images.length / count;
  for (const kind of ["mixup", "cutmix"] as const) {
    for (let i = 0; i < 100; i++) {
      const mix = drawMix(random(kind, i), { [kind]: { alpha: 1 } }, { width, height: width })!;
      const mixed = mixImages(images, mix, { count, width, channels });
      const mixedTargets = mixTargets(targets, mix, count);
      for (let place = 0; place < count; place++) {
        const partner = partnerOf(place, count);
        const row = mixedTargets.subarray(place * classes, (place + 1) * classes);
        expect(row[labels[place]!]! + (labels[place] === labels[partner] ? 0 : row[labels[partner]!]!)).toBeCloseTo(
          1,
          5,
        );
        if (labels[place] !== labels[partner]) expect(row[labels[place]!]).toBeCloseTo(mix.own, 5);
        let own = 0;
        for (let at = 0; at < floats; at++) {
          const [a, b] = [images[place * floats + at]!, images[partner * floats + at]!];
          const value = mixed[place * floats + at]!;
          if (kind === "mixup") expect(value).toBeCloseTo(mix.own * a + (1 - mix.own) * b, 5);
          else expect([a, b]).toContain(value);
          if (value === a) own++;
        }
        if (kind === "cutmix") expect(own / floats).toBeCloseTo(mix.own, 5);
      }
      expect(mainLabels(labels, mix)).toEqual(mix.own >= 0.5 ? labels : [0, 0, 1, 2, 3]);
    }
  }
});

test("with both mixup and cutmix each is drawn about half of the time; with neither, nothing", () => {
  const size = { width: 8, height: 8 };
  const both = { mixup: { alpha: 1 }, cutmix: { alpha: 1 } };
  const cuts = Array.from({ length: 400 }, (_, i) => drawMix(random("both", i), both, size)!.part !== undefined);
  expect(Math.abs(cuts.filter(Boolean).length - 200)).toBeLessThan(50);
  expect(drawMix(random(0), {}, size)).toBeUndefined();
});
