/**
 * FLIR's radiometric JPEG: raw counts and the visible picture in one file, laid over each other
 * where the camera says, as `thermeld.io.flir` and `thermeld.io.thermal.superpose` do it.
 * Source: the tables of FLIR tags that ExifTool documents.
 */
import { Refusal } from "./errors.js";
import { decode } from "./picture.js";
import { cubic } from "./scale.js";

const MARK = "FLIR\0", HEADER = 64, ENTRY = 32, IMAGE_AT = 32;
const RAW = 0x01, VISIBLE = 0x0e, PLACEMENT = 0x2a;
const MAX_PIXELS = 2 ** 24;
const SOS = 0xda, EOI = 0xd9, APP1 = 0xe1;

const textAt = (bytes, at, length) => String.fromCharCode(...bytes.subarray(at, at + length));
const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const startsPng = (bytes) => textAt(bytes, 0, 4) === "\x89PNG";
const isJpeg = (bytes) => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
const even = (value) => (Math.abs(value % 1) === 0.5 ? 2 * Math.round(value / 2) : Math.round(value));

/** Contents of the segments in which FLIR keeps its container, in pieces. */
function* pieces(bytes) {
  const view = viewOf(bytes);
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === SOS || marker === EOI) return;
    const bare = marker === 0x01 || (marker >= 0xd0 && marker < 0xd9);
    const length = bare ? 0 : view.getUint16(at + 2);
    const body = bytes.subarray(at + 4, at + 2 + length);
    if (marker === APP1 && textAt(body, 0, 5) === MARK && body.length >= 8) yield body;
    at += 2 + length;
  }
}

function joined(found) {
  const parts = new Map(found.map((piece) => [piece[6], piece.subarray(8)]));
  const count = found[0][7] + 1;
  if (parts.size !== count || found.length !== count) {
    throw new Refusal(`it is damaged (${parts.size} of ${count} pieces of its thermal data are there); copy it again`);
  }
  const whole = new Uint8Array(found.reduce((sum, piece) => sum + piece.length - 8, 0));
  for (let number = 0, at = 0; number < count; at += parts.get(number++).length) whole.set(parts.get(number), at);
  return whole;
}

/** Type to content of the records; of several of a type, the first. */
function recordsOf(container) {
  const view = viewOf(container);
  if (!["FFF\0", "AFF\0"].includes(textAt(container, 0, 4)) || container.length < HEADER) {
    throw new Refusal("it is damaged (its thermal data do not begin as FLIR's do); copy it again");
  }
  const little = [false, true].find((order) => view.getUint32(0x14, order) >= 100 && view.getUint32(0x14, order) < 200);
  if (little === undefined) throw new Refusal("it holds thermal data of an unknown version; export it as 16-bit TIFF");
  const at = view.getUint32(0x18, little), count = view.getUint32(0x1c, little);
  if (at + count * ENTRY > container.length) throw new Refusal("it is damaged (its thermal records); copy it again");
  const records = new Map();
  for (let entry = at; entry < at + count * ENTRY; entry += ENTRY) {
    const kind = view.getUint16(entry, little);
    const start = view.getUint32(entry + 12, little), length = view.getUint32(entry + 16, little);
    if (![RAW, VISIBLE, PLACEMENT].includes(kind) || !length || records.has(kind)) continue;
    if (start < HEADER || start + length > container.length) {
      throw new Refusal("it is damaged (a thermal record ends outside the file); copy it again");
    }
    records.set(kind, container.slice(start, start + length));
  }
  return records;
}

async function countsOf(record) {
  const view = viewOf(record), little = view.getUint16(0, true) < 0x100;
  const width = view.getUint16(2, little), height = view.getUint16(4, little), stored = record.slice(IMAGE_AT);
  if (!width || !height || width * height > MAX_PIXELS) {
    throw new Refusal(`it is damaged (its thermal picture is ${width}x${height}); copy it again`);
  }
  const facts = { width, height, channels: 1, depth: 16, alpha: null, format: "jpeg" };
  if (startsPng(stored)) return { ...facts, pixels: await pngCounts(stored, width, height) };
  if (stored.length < 2 * width * height) throw new Refusal("it is damaged (counts are missing); copy it again");
  const values = viewOf(stored);
  return { ...facts, pixels: Uint16Array.from({ length: width * height }, (_, at) => values.getUint16(2 * at, little)) };
}

/** Most cameras write the two bytes of each count in the wrong order; the smoother order is it. */
async function pngCounts(stored, width, height) {
  const { pixels, depth, ...size } = await decode(stored);
  if (depth !== 16 || size.channels !== 1 || size.width !== width || size.height !== height) {
    throw new Refusal("it is damaged (its thermal picture is of another kind than it says); copy it again");
  }
  const swapped = pixels.map((value) => ((value & 255) << 8) | (value >> 8));
  const roughness = (counts) => {
    let sum = 0;
    for (let at = 1; at < counts.length; at++) if (at % width) sum += Math.abs(counts[at] - counts[at - 1]);
    return sum;
  };
  return roughness(pixels) < roughness(swapped) ? pixels : swapped;
}

async function visibleOf(stored) {
  if (!startsPng(stored) && !isJpeg(stored)) {
    throw new Refusal("its visible picture is in a form that is not documented; export both with the maker's program");
  }
  const picture = await decode(stored);
  if (picture.format !== "png" || picture.channels !== 3) return picture;
  const pixels = new Uint8ClampedArray(picture.pixels.length); // its PNGs hold YCbCr
  for (let at = 0; at < pixels.length; at += 3) {
    const [luma, blue, red] = [picture.pixels[at], picture.pixels[at + 1] - 128, picture.pixels[at + 2] - 128];
    pixels[at] = luma + 1.402 * red;
    pixels[at + 1] = luma - 0.344136 * blue - 0.714136 * red;
    pixels[at + 2] = luma + 1.772 * blue;
  }
  return { ...picture, pixels: new Uint8Array(pixels.buffer) };
}

function placementOf(record) {
  const view = record && viewOf(record), real2ir = view?.getFloat32(0, true);
  if (!(real2ir > 0 && Number.isFinite(real2ir))) return { real2ir: 1, x: 0, y: 0 };
  return { real2ir, x: view.getInt16(4, true), y: view.getInt16(6, true) };
}

/**
 * What a radiometric JPEG holds; null for any other file.
 * @param {Uint8Array} bytes
 * @returns {Promise<{counts: object, pair: {ir: object, vis: object} | null} | null>} pictures as
 *   `decode` gives them: the counts alone, and the pair on common pixels if a visible one is inside.
 */
export async function readFlir(bytes) {
  const found = isJpeg(bytes) ? [...pieces(bytes)] : [];
  if (!found.length) return null;
  try {
    const records = recordsOf(joined(found));
    if (!records.has(RAW)) return null; // some cameras write a container for settings alone
    const counts = await countsOf(records.get(RAW));
    if (!records.has(VISIBLE)) return { counts, pair: null };
    const visible = await visibleOf(records.get(VISIBLE).slice(IMAGE_AT));
    return { counts, pair: superposed(counts, visible, placementOf(records.get(PLACEMENT))) };
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal("it is damaged (its thermal data are cut off); copy it again");
    throw error;
  }
}

/** Both at the visible picture's resolution, cut to the view they have in common. */
function superposed(counts, visible, { real2ir, x, y }) {
  const pitch = visible.width / real2ir / counts.width; // visible pixels per thermal one
  const spans = [["width", x], ["height", y]].map(([side, offset]) => {
    const edge = (visible[side] - pitch * counts[side]) / 2 + offset;
    const from = Math.max(0, even(edge)), to = Math.min(visible[side], even(edge + pitch * counts[side]));
    return { from, count: to - from, first: (from + 0.5 - edge) / pitch - 0.5 };
  });
  if (!spans.every(({ count }) => count > 0)) {
    throw new Refusal("it says its thermal view lies outside its visible picture; export both pictures and align them");
  }
  return { ir: finer(counts, pitch, spans), vis: cropped(visible, spans) };
}

function cropped({ width, channels, pixels, ...facts }, [across, down]) {
  const part = new pixels.constructor(across.count * down.count * channels);
  for (let row = 0; row < down.count; row++) {
    const from = ((down.from + row) * width + across.from) * channels;
    part.set(pixels.subarray(from, from + across.count * channels), row * across.count * channels);
  }
  return { ...facts, channels, width: across.count, height: down.count, pixels: part, alpha: null };
}

/** Counts on a finer grid; bicubic, clipped to their own range. */
function finer(counts, pitch, [across, down]) {
  const { width, height, pixels } = counts;
  const taps = ({ first, count }, length) => Array.from({ length: count }, (_, at) => {
    const place = first + at / pitch, below = Math.floor(place);
    const places = [-1, 0, 1, 2].map((step) => Math.min(length - 1, Math.max(0, below + step)));
    return { places, weights: cubic(place - below) };
  });
  const columns = taps(across, width), rows = taps(down, height);
  const low = pixels.reduce((least, value) => Math.min(least, value)), high = pixels.reduce((most, value) => Math.max(most, value));
  const result = new Uint16Array(across.count * down.count);
  rows.forEach((row, v) => {
    const line = new Float64Array(width);
    row.places.forEach((place, k) => {
      for (let u = 0; u < width; u++) line[u] += row.weights[k] * pixels[place * width + u];
    });
    columns.forEach(({ places, weights }, u) => {
      const value = places.reduce((sum, place, k) => sum + weights[k] * line[place], 0);
      result[v * across.count + u] = even(Math.min(high, Math.max(low, value)));
    });
  });
  return { ...counts, width: across.count, height: down.count, pixels: result };
}
