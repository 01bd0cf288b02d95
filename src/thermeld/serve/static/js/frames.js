/** One pair of video frames fused, as fast as the page can. Lives in a worker. */
import { LUMA } from "./scale.js";

const canvases = new Map();

/** A frame's bytes at a size; the frame is given up. */
function rgbaOf(role, frame, width, height) {
  let canvas = canvases.get(role);
  if (canvas?.width !== width || canvas.height !== height) {
    canvas = new OffscreenCanvas(width, height);
    canvases.set(role, canvas);
  }
  const context = canvas.getContext("2d", { willReadFrequently: true, alpha: false });
  context.drawImage(frame, 0, 0, width, height);
  frame.close();
  return context.getImageData(0, 0, width, height);
}

/** Luminance of an image, fetched from other places where the cameras differ. */
function lumaOf({ data, width, height }, places = null) {
  const [red, green, blue] = LUMA.map((weight) => weight / 255);
  const values = new Float32Array(width * height);
  for (let at = 0; at < values.length; at++) {
    const from = 4 * (places ? places[at] : at);
    if (from >= 0) values[at] = red * data[from] + green * data[from + 1] + blue * data[from + 2];
  }
  return { width, height, channels: 1, values };
}

/** A map known at every `step`-th row and column, brought to full size bilinearly. */
export function enlarged(known, step, width, height) {
  if (step === 1) return known;
  const columns = Math.ceil(width / step), rows = Math.ceil(height / step);
  const full = new Float32Array(width * height), row = new Float32Array(columns + 1);
  for (let y = 0, at = 0; y < height; y++) {
    const top = Math.floor(y / step), down = y / step - top;
    const upper = top * columns, lower = Math.min(rows - 1, top + 1) * columns;
    for (let x = 0; x < columns; x++) row[x] = known[upper + x] + (known[lower + x] - known[upper + x]) * down;
    row[columns] = row[columns - 1]; // the border goes on outside
    for (let left = 0, x = 0; left < columns; left++) {
      const rise = (row[left + 1] - row[left]) / step;
      for (let part = 0; part < step && x < width; part++, x++) full[at++] = row[left] + rise * part;
    }
  }
  return full;
}

/** The scale a method makes its map at: the one wished for if it can, else the full one. */
export const scaleOf = (card, wished) =>
  card.blends && card.files.some((file) => file.map_scale === wished) ? wished : 1;

/**
 * Fuse two frames of one size.
 * @param {Method} method
 * @param {ImageBitmap | VideoFrame} ir @param {ImageBitmap | VideoFrame} vis
 * @param {object} how width, height; color; scale of the map (see `scaleOf`); places: where each
 *   visible pixel's partner lies in the infrared frame (see `placesOf`), or null.
 * @returns {Promise<{pixels: ImageData, network: number}>} `network` in milliseconds.
 */
export async function fuseFrames(method, ir, vis, how) {
  const { width, height, color, scale, places } = how;
  const image = rgbaOf("vis", vis, width, height);
  const luma = lumaOf(image), grey = lumaOf(rgbaOf("ir", ir, width, height), places);
  const begun = performance.now();
  const share = method.card.blends ? await method.share(grey, luma, scale) : null;
  const fused = share ? null : await method.fuse(grey, luma);
  const network = performance.now() - begun;
  const full = share && enlarged(share, scale, width, height);
  const one = luma.values, other = grey.values;
  raise(image.data, color === "gray" ? one : null, (at) => {
    if (places && places[at] < 0) return 0;
    return full ? full[at] * (other[at] - one[at]) : fused[at] - one[at];
  });
  return { pixels: image, network };
}

/** Add the same to red, green and blue, in place; or to a grey base. Storing rounds and clips. */
function raise(data, grey, riseAt) {
  for (let at = 0, to = 0; to < data.length; at++, to += 4) {
    const rise = 255 * riseAt(at);
    if (grey) data[to] = data[to + 1] = data[to + 2] = 255 * grey[at] + rise;
    else {
      data[to] += rise;
      data[to + 1] += rise;
      data[to + 2] += rise;
    }
  }
}

/** Nearest infrared pixel for every visible one, -1 where there is none: a warp made quick. */
export function placesOf(lookup, width, height) {
  const places = new Int32Array(width * height);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const [u, v] = lookup(x, y).map(Math.round);
      places[at] = u >= 0 && u < width && v >= 0 && v < height ? v * width + u : -1;
    }
  }
  return places;
}
