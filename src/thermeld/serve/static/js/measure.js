/**
 * The metrics that cost next to nothing, as `thermeld.metrics` computes them in its convention
 * "tang": on 8-bit grey levels, MATLAB's grey, halves upward.
 */
import { topOf, toDepth } from "./scale.js";

const TANG_GREY = [0.298936021293775, 0.587043074451121, 0.114020904255103];

/** A picture as 8-bit grey levels. */
function greyOf(picture) {
  const { width, height, channels, depth, pixels } = picture;
  let levels = pixels;
  if (depth !== 8) {
    const factor = Math.fround(1 / topOf(depth));
    levels = toDepth(Float32Array.from(pixels, (value) => (depth === 32 ? value : value * factor)), 8);
  }
  if (channels === 3) {
    const grey = new Uint8Array(width * height);
    for (let at = 0; at < grey.length; at++) {
      let sum = 0;
      for (let k = 0; k < 3; k++) sum += TANG_GREY[k] * levels[3 * at + k];
      grey[at] = Math.floor(sum + 0.5);
    }
    levels = grey;
  }
  return { width, height, levels };
}

function entropy(counts) {
  let total = 0, sum = 0;
  for (const count of counts) total += count;
  for (const count of counts) if (count) sum -= (count / total) * Math.log2(count / total);
  return sum;
}

function histogram(levels) {
  const counts = new Float64Array(256);
  for (const level of levels) counts[level]++;
  return counts;
}

/** Mutual information with the slip of the survey code: 254 and 255 share a joint bin. */
function mutual(source, fused) {
  const joint = new Float64Array(255 * 255);
  for (let at = 0; at < fused.levels.length; at++) {
    joint[Math.min(254, source.levels[at]) * 255 + Math.min(254, fused.levels[at])]++;
  }
  return entropy(histogram(source.levels)) + entropy(histogram(fused.levels)) - entropy(joint);
}

function deviation({ levels }) {
  let sum = 0, squares = 0;
  for (const level of levels) {
    sum += level;
    squares += level * level;
  }
  return Math.sqrt(levels.length * squares - sum * sum) / levels.length;
}

function spatialFrequency({ width, height, levels }) {
  let across = 0, down = 0;
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (x) across += (levels[at] - levels[at - 1]) ** 2;
      if (y) down += (levels[at] - levels[at - width]) ** 2;
    }
  }
  const pairs = [Math.max(height * (width - 1), 1), Math.max((height - 1) * width, 1)];
  return Math.sqrt(across / pairs[0] + down / pairs[1]);
}

/** Central differences, one-sided at the borders; NaN for a single row or column. */
function averageGradient({ width, height, levels }) {
  let sum = 0;
  const slope = (at, place, count, step) => {
    const [back, ahead] = [place > 0 ? at - step : at, place < count - 1 ? at + step : at];
    const twice = levels[ahead] - levels[back];
    return place > 0 && place < count - 1 ? twice : 2 * twice;
  };
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const [dx, dy] = [slope(at, x, width, 1), slope(at, y, height, width)];
      sum += Math.sqrt((dx * dx + dy * dy) / 8);
    }
  }
  const count = (height - 1) * (width - 1);
  return count ? sum / count : NaN;
}

/** Values by name for three pictures of one size, as stored. */
export function measured(ir, vis, fused) {
  const [one, other, result] = [ir, vis, fused].map(greyOf);
  return {
    EN: entropy(histogram(result.levels)),
    SD: deviation(result),
    SF: spatialFrequency(result),
    AG: averageGradient(result),
    MI: mutual(one, result) + mutual(other, result),
  };
}
