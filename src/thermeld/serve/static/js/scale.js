/**
 * The array contract, as `thermeld.image` has it: stored values to float32 in 0..1 and back,
 * luminance, and another size. A plane is {width, height, channels, values: Float32Array}.
 */
import { Refusal } from "./errors.js";

export const LUMA = [0.299, 0.587, 0.114].map(Math.fround); // BT.601
const THERMAL = { low: 0.1, high: 99.9, percentile: true };
export const WINDOWS = {
  auto: null, full: null, percentile: THERMAL,
  minmax: { low: 0, high: 100, percentile: true }, equalise: { plateau: 2 },
};
const BINS = 1024, ENDS = [0.02, 99.98];

/** The largest stored value of a depth; floats reach 1. */
export const topOf = (depth) => (depth === 32 ? 1 : 2 ** depth - 1);

/** Values at percentiles, between ranks linearly, as numpy counts them. */
export function percentiles(pixels, shares) {
  const sorted = pixels instanceof Float32Array ? Float64Array.from(pixels).sort() : null;
  const counts = sorted ? null : histogramOf(pixels);
  return shares.map((share) => {
    const place = (share / 100) * (pixels.length - 1);
    const below = Math.floor(place), above = Math.min(below + 1, pixels.length - 1);
    const [low, high] = sorted ? [sorted[below], sorted[above]] : atRanks(counts, [below, above]);
    return low + (high - low) * (place - below);
  });
}

function histogramOf(pixels) {
  const counts = new Uint32Array(pixels instanceof Uint16Array ? 65536 : 256);
  for (const value of pixels) counts[value]++;
  return counts;
}

function atRanks(counts, ranks) {
  return ranks.map((rank) => {
    let value = 0;
    for (let seen = counts[0]; seen <= rank; seen += counts[value]) value++;
    return value;
  });
}

/** A window by its text: a name, "LOW:HIGH" in stored values, or "pLOW:pHIGH" in percentiles. */
export function parseWindow(text) {
  const name = text.trim().replace("equalize", "equalise");
  if (name in WINDOWS) return name;
  const found = /^(p?)\s*(-?[\d.]+(?:e-?\d+)?)\s*:\s*\1\s*(-?[\d.]+(?:e-?\d+)?)$/i.exec(name);
  const [low, high] = found ? [Number(found[2]), Number(found[3])] : [NaN, NaN];
  if (!(low < high)) {
    throw new Refusal("Write the window as LOW:HIGH in stored values, like 7000:9000, or in percentiles, like p1:p99.");
  }
  if (found[1] && !(low >= 0 && high <= 100)) throw new Refusal("Percentiles lie between 0 and 100.");
  return { low, high, percentile: Boolean(found[1]) };
}

/**
 * How stored infrared values become 0..1, fixed for this picture.
 * @param {string | object} choice as `parseWindow` gives it.
 * @param {object} picture as `decode` gives it.
 * @param {string} role "infrared" or "visible", for the message.
 * @returns {(value: number) => number}
 */
export function shadeOf(choice, { pixels, depth }, role = "infrared") {
  const named = typeof choice === "string" ? WINDOWS[choice] : choice;
  const window = choice === "auto" && depth === 16 ? THERMAL : named;
  if (!window) {
    if (depth === 32) requireUnitRange(pixels, role);
    return times(1 / topOf(depth));
  }
  if (window.plateau) return equalised(pixels, depth, window.plateau);
  if (!window.percentile) return ramp(window.low, window.high);
  const [low, high] = percentiles(pixels, [window.low, window.high]);
  return ramp(low, Math.max(high, low + Number.EPSILON * Math.max(1, Math.abs(low))));
}

const ramp = (low, high) => (value) => Math.min(1, Math.max(0, (value - low) / (high - low)));

function times(factor) {
  const rounded = Math.fround(factor);
  return (value) => Math.fround(value * rounded);
}

function requireUnitRange(pixels, role) {
  let low = Infinity, high = -Infinity;
  for (const value of pixels) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (low < 0 || high > 1) {
    throw new Refusal(
      `The ${role} values run from ${low.toPrecision(4)} to ${high.toPrecision(4)}; `
      + (role === "infrared" ? "choose a thermal window for them." : "save them as 8 or 16 bits."));
  }
}

/** Plateau equalisation, as `thermeld.equalise`. */
function equalised(pixels, depth, plateau) {
  const [low, high] = percentiles(pixels, ENDS);
  if (!(low < high)) return (value) => (value > low ? 1 : 0);
  const edges = edgesOf(low, high, depth);
  const found = new Float64Array(edges.length - 1);
  const width = (edges.at(-1) - edges[0]) / found.length;
  for (const value of pixels) {
    const bin = Math.floor((Math.min(high, Math.max(low, value)) - edges[0]) / width);
    found[Math.min(bin, found.length - 1)]++;
  }
  const used = found.filter((count) => count > 0);
  const limit = (plateau * used.reduce((sum, count) => sum + count, 0)) / used.length;
  const shares = [0];
  for (const count of found) shares.push(shares.at(-1) + Math.min(count, limit));
  return (value) => {
    const place = Math.min(found.length, Math.max(0, (value - edges[0]) / width));
    const below = Math.min(Math.floor(place), found.length - 1);
    return (shares[below] + (shares[below + 1] - shares[below]) * (place - below)) / shares.at(-1);
  };
}

/** One bin per count where there are few, so that no bin is empty for want of a count. */
function edgesOf(low, high, depth) {
  if (depth !== 32 && high - low < BINS) {
    const first = Math.floor(low) - 0.5;
    return Array.from({ length: Math.ceil(high) - Math.floor(low) + 2 }, (_, at) => first + at);
  }
  return Array.from({ length: BINS + 1 }, (_, at) => low + ((high - low) * at) / BINS);
}

/** Stored values as a plane in 0..1; 8 and 16 bits by a table. */
export function unit({ width, height, channels, depth, pixels }, shade) {
  const values = new Float32Array(pixels.length);
  if (depth === 32) for (let at = 0; at < values.length; at++) values[at] = shade(pixels[at]);
  else {
    const table = Float32Array.from({ length: topOf(depth) + 1 }, (_, value) => shade(value));
    for (let at = 0; at < values.length; at++) values[at] = table[pixels[at]];
  }
  return { width, height, channels, values };
}

/** The luminance of a plane; grey is returned as it is. */
export function luminance(plane) {
  if (plane.channels === 1) return plane;
  const { width, height, values: rgb } = plane;
  const values = new Float32Array(width * height);
  for (let at = 0; at < values.length; at++) {
    values[at] = LUMA[0] * rgb[3 * at] + LUMA[1] * rgb[3 * at + 1] + LUMA[2] * rgb[3 * at + 2];
  }
  return { width, height, channels: 1, values };
}

/** Store values in 0..1 with a depth, rounded half up; clips. */
export function toDepth(values, depth) {
  if (depth === 32) return values.map((value) => Math.min(1, Math.max(0, value)));
  const top = topOf(depth);
  const stored = new (depth === 16 ? Uint16Array : Uint8Array)(values.length);
  for (let at = 0; at < stored.length; at++) {
    stored[at] = Math.floor(Math.min(1, Math.max(0, values[at])) * top + 0.5);
  }
  return stored;
}

/** Weights of one direction, per target place: first source place and its weights. */
function taps(from, to, shrinking) {
  const step = from / to;
  return Array.from({ length: to }, (_, at) => {
    if (shrinking) return areaTaps(at * step, (at + 1) * step, from);
    const centre = (at + 0.5) * step - 0.5, first = Math.floor(centre);
    return { first: first - 1, weights: cubic(centre - first) };
  });
}

function areaTaps(low, high, length) {
  const first = Math.floor(low + 1e-9), last = Math.min(Math.ceil(high - 1e-9), length);
  const weights = [];
  for (let at = first; at < last; at++) weights.push(Math.min(at + 1, high) - Math.max(at, low));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return { first, weights: weights.map((weight) => weight / sum) };
}

/** Weights of four neighbours by Keys' cubic, with the slope that OpenCV uses. */
export function cubic(part) {
  const slope = -0.75;
  const near = (x) => ((slope + 2) * x - (slope + 3)) * x * x + 1;
  const far = (x) => ((slope * x - 5 * slope) * x + 8 * slope) * x - 4 * slope;
  return [far(part + 1), near(part), near(1 - part), far(2 - part)];
}

function along(source, count, lines, stride, lineStride, plan) {
  const result = new Float32Array(plan.length * lines);
  for (let line = 0; line < lines; line++) {
    plan.forEach(({ first, weights }, at) => {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) {
        const place = Math.min(count - 1, Math.max(0, first + k)); // the border goes on outside
        sum += weights[k] * source[line * lineStride + place * stride];
      }
      result[line * plan.length + at] = sum;
    });
  }
  return result;
}

/** A picture at another size: area mean when shrinking, bicubic when growing, as `fuse.resized`. */
export function resized(picture, width, height) {
  if (picture.width === width && picture.height === height) return picture;
  const shrinking = height <= picture.height && width <= picture.width;
  const across = taps(picture.width, width, shrinking), down = taps(picture.height, height, shrinking);
  const { channels, depth } = picture;
  const pixels = new picture.pixels.constructor(width * height * channels);
  const [low, high] = percentiles(picture.pixels, [0, 100]);
  for (let k = 0; k < channels; k++) {
    const plane = new Float32Array(picture.width * picture.height);
    for (let at = 0; at < plane.length; at++) plane[at] = picture.pixels[at * channels + k];
    const wide = along(plane, picture.width, picture.height, 1, picture.width, across);
    const turned = along(wide, picture.height, width, width, 1, down); // (width, height)
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const value = Math.min(high, Math.max(low, turned[x * height + y]));
        pixels[(y * width + x) * channels + k] = depth === 32 ? value : Math.round(value);
      }
    }
  }
  return { ...picture, width, height, pixels, alpha: null };
}
