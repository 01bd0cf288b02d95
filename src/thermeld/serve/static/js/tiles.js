/** Pieces of a large picture whose seams cannot be seen, as `thermeld.image.tiles`. */

const up = (value, multiple) => Math.ceil(value / multiple) * multiple;

function* spans(length, { tile, reach, align }) {
  const step = up(Math.ceil(length / Math.ceil(length / tile)), align);
  for (let start = 0; start < length; start += step) {
    const stop = Math.min(start + step, length);
    const low = Math.floor(Math.max(0, start - reach) / align) * align;
    const high = Math.min(length, up(stop + reach, align));
    yield { low, high, start, stop };
  }
}

/**
 * Cut a picture.
 * @param {object} how tile: largest side of what is kept; reach: how far the method looks; align:
 *   tiles begin and end at multiples of this.
 * @returns {Array<{x: object, y: object}>} per direction: low..high is read, start..stop is kept.
 */
export function tiles(width, height, how) {
  const columns = [...spans(width, how)];
  return [...spans(height, how)].flatMap((y) => columns.map((x) => ({ x, y })));
}

/** A piece of a picture as stored. */
export function cut({ width, channels, depth, pixels }, { x, y }) {
  const wide = x.high - x.low, tall = y.high - y.low;
  const piece = new pixels.constructor(wide * tall * channels);
  for (let row = 0; row < tall; row++) {
    const from = ((y.low + row) * width + x.low) * channels;
    piece.set(pixels.subarray(from, from + wide * channels), row * wide * channels);
  }
  return { width: wide, height: tall, channels, depth, pixels: piece };
}

/** Put what is kept of a piece's pixels into the whole picture. */
export function paste(whole, pixels, { x, y }) {
  const { channels } = whole, wide = x.high - x.low;
  for (let row = y.start; row < y.stop; row++) {
    const from = ((row - y.low) * wide + (x.start - x.low)) * channels;
    const line = pixels.subarray(from, from + (x.stop - x.start) * channels);
    whole.pixels.set(line, (row * whole.width + x.start) * channels);
  }
}
