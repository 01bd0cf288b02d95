/**
 * The first page of a TIFF: grey or RGB, 8 or 16 bits or float32, plain, LZW or deflate, strips or
 * tiles. Source: TIFF 6.0 (Adobe, 1992), sections 2, 3, 13 (LZW), 14 (predictor) and 15 (tiles).
 */
import { Refusal } from "./errors.js";
import { unpacked } from "./gzip.js";
import { requireRoom } from "./limits.js";

const WIDTH = 256, HEIGHT = 257, BITS = 258, COMPRESSION = 259, PHOTOMETRIC = 262;
const STRIP_OFFSETS = 273, ORIENTATION = 274, SAMPLES = 277, ROWS_PER_STRIP = 278;
const STRIP_BYTES = 279, PLANAR = 284, PREDICTOR = 317, TILE_WIDTH = 322, TILE_LENGTH = 323;
const TILE_OFFSETS = 324, TILE_BYTES = 325, SAMPLE_FORMAT = 339;
const PLAIN = 1, LZW = 5, DEFLATE = [8, 32946];
const CLEAR = 256, END = 257, MOST_CODES = 4096;
const INTEGERS = { 1: "getUint8", 3: "getUint16", 4: "getUint32" };
const BYTES = { 1: 1, 3: 2, 4: 4 };

const cure = "save it as PNG, or as plain, LZW or deflate TIFF";

/** 1 to 8 from an EXIF block, which is a TIFF without pixels; 1 where it is damaged. */
export function orientationOf(block) {
  try {
    return readTags(block).tags.get(ORIENTATION)?.[0] ?? 1;
  } catch (error) {
    if (error instanceof Refusal || error instanceof RangeError) return 1;
    throw error;
  }
}

/** Integer fields of the first directory: number to array. */
function readTags(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = bytes[0] === 0x49;
  const tags = new Map();
  try {
    if (view.getUint16(2, little) !== 42) throw new Refusal(`it is a BigTIFF; ${cure}`);
    const start = view.getUint32(4, little);
    for (let entry = 0; entry < view.getUint16(start, little); entry++) {
      const at = start + 2 + 12 * entry;
      const kind = view.getUint16(at + 2, little), count = view.getUint32(at + 4, little);
      if (!(kind in INTEGERS) || count > bytes.length) continue;
      const from = count * BYTES[kind] > 4 ? view.getUint32(at + 8, little) : at + 8;
      const values = Array.from(
        { length: count }, (_, index) => view[INTEGERS[kind]](from + index * BYTES[kind], little));
      tags.set(view.getUint16(at, little), values);
    }
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal("it is cut off; copy or export it again");
    throw error;
  }
  return { tags, little };
}

function pageOf({ tags, little }) {
  const one = (tag, fallback) => tags.get(tag)?.[0] ?? fallback;
  const page = {
    little, width: one(WIDTH, 0), height: one(HEIGHT, 0), bits: one(BITS, 1),
    samples: one(SAMPLES, 1), packing: one(COMPRESSION, PLAIN), predictor: one(PREDICTOR, 1),
    kind: one(PHOTOMETRIC, 1), format: one(SAMPLE_FORMAT, 1), orientation: one(ORIENTATION, 1),
  };
  if (!page.width || !page.height) throw new Refusal("it is damaged (it has no size); export it again");
  requireRoom(page.width, page.height);
  const deep = page.format === 3 ? [32] : [8, 16];
  const known = (page.kind <= 1 && page.samples === 1) || (page.kind === 2 && [3, 4].includes(page.samples));
  if (!known || ![1, 3].includes(page.format) || !deep.includes(page.bits) || one(PLANAR, 1) !== 1) {
    throw new Refusal(
      `it is a TIFF of a kind this page cannot read (${page.samples} samples of ${page.bits} bits); ${cure}`);
  }
  if (![PLAIN, LZW, ...DEFLATE].includes(page.packing)) {
    throw new Refusal(`its TIFF compression (${page.packing}) is not known to this page; ${cure}`);
  }
  if (page.predictor > (page.format === 3 ? 1 : 2)) {
    throw new Refusal(`its TIFF predictor (${page.predictor}) is not known to this page; ${cure}`);
  }
  return Object.assign(page, blocksOf(page, tags));
}

/** Where the pieces of the picture lie: strips are tiles as wide as the picture. */
function blocksOf(page, tags) {
  const tiled = tags.has(TILE_OFFSETS);
  const rows = Math.min(tags.get(ROWS_PER_STRIP)?.[0] ?? page.height, page.height);
  const offsets = tags.get(tiled ? TILE_OFFSETS : STRIP_OFFSETS);
  const counts = tags.get(tiled ? TILE_BYTES : STRIP_BYTES);
  const wide = tiled ? tags.get(TILE_WIDTH)?.[0] : page.width;
  const tall = tiled ? tags.get(TILE_LENGTH)?.[0] : rows;
  if (!offsets || offsets.length !== counts?.length || !wide || !tall) {
    throw new Refusal("it is damaged (it does not say where its pixels are); export it again");
  }
  return { offsets, counts, wide, tall };
}

/** Numbers of one piece, with the horizontal predictor undone. */
function valuesOf(bytes, page, rows) {
  const count = page.wide * rows * page.samples, deep = page.bits / 8;
  if (bytes.length < count * deep) throw new Refusal("it is cut off; copy or export it again");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = page.format === 3 ? Float32Array : page.bits === 16 ? Uint16Array : Uint8Array;
  const read = page.format === 3 ? "getFloat32" : page.bits === 16 ? "getUint16" : "getUint8";
  const values = new kind(count);
  for (let at = 0; at < count; at++) values[at] = view[read](at * deep, page.little);
  if (page.predictor === 2) {
    const row = page.wide * page.samples;
    for (let at = 0; at < count; at++) if (at % row >= page.samples) values[at] += values[at - page.samples];
  }
  return values;
}

const damaged = () => new Refusal("it is damaged (its pixels cannot be unpacked); export it again");

async function plainOf(piece, page, rows) {
  if (page.packing === PLAIN) return piece;
  if (page.packing === LZW) return unravelled(piece, (page.wide * rows * page.samples * page.bits) / 8);
  return unpacked(piece, "deflate").catch(() => {
    throw damaged();
  });
}

/** Undo LZW: codes of 9 to 12 bits, most significant first, one bit more a code early. */
function unravelled(packed, size) {
  const result = new Uint8Array(size);
  const starts = new Int32Array(MOST_CODES), lengths = new Int32Array(MOST_CODES); // in `result`
  let codes = END + 1, bits = 9, last = null, at = 0;
  for (let bit = 0; bit + bits <= 8 * packed.length && at < size; ) {
    let code = 0;
    for (let k = 0; k < bits; k++, bit++) code = (code << 1) | ((packed[bit >> 3] >> (7 - (bit & 7))) & 1);
    if (code === END) break;
    if (code === CLEAR) [codes, bits, last] = [END + 1, 9, null];
    else {
      const start = at;
      if (code < 256) result[at++] = code;
      else if (code < codes || (code === codes && last !== null)) {
        // A code that is about to be made is the last word and its own first byte again.
        const from = code < codes ? starts[code] : last.start;
        const length = code < codes ? lengths[code] : last.length + 1;
        for (let k = 0; k < length && at < size; k++) result[at++] = result[from + k];
      } else throw damaged();
      if (last && codes < MOST_CODES) {
        starts[codes] = last.start;
        lengths[codes++] = last.length + 1;
      }
      last = { start, length: at - start };
      if (codes >= (1 << bits) - 1 && bits < 12) bits++;
    }
  }
  if (at < size) throw new Refusal("it is cut off; copy or export it again");
  return result;
}

async function rasterOf(bytes, page) {
  const { width, height, samples, wide, tall } = page;
  const across = Math.ceil(width / wide);
  if (page.offsets.length < across * Math.ceil(height / tall)) {
    throw new Refusal("it is cut off; copy or export it again");
  }
  let raster = null;
  for (let index = 0; index < across * Math.ceil(height / tall); index++) {
    const left = (index % across) * wide, top = Math.floor(index / across) * tall;
    const piece = bytes.slice(page.offsets[index], page.offsets[index] + page.counts[index]);
    const rows = across === 1 && wide === width ? Math.min(tall, height - top) : tall;
    const values = valuesOf(await plainOf(piece, page, rows), page, rows);
    raster ??= new values.constructor(width * height * samples);
    const columns = Math.min(wide, width - left);
    for (let y = 0; y < Math.min(rows, height - top); y++) {
      const from = y * wide * samples;
      raster.set(values.subarray(from, from + columns * samples), ((top + y) * width + left) * samples);
    }
  }
  return raster;
}

/** Read a TIFF as stored; see `readPng`. Floats have depth 32. */
export async function readTiff(bytes) {
  const page = pageOf(readTags(bytes));
  const raster = await rasterOf(bytes, page);
  const { width, height, samples, orientation } = page;
  const channels = samples === 1 ? 1 : 3;
  if (page.kind === 0 && page.format === 1) {
    const top = 2 ** page.bits - 1; // white is zero
    for (let at = 0; at < raster.length; at++) raster[at] = top - raster[at];
  }
  const facts = { width, height, channels, depth: page.bits, orientation };
  if (samples === channels) return { ...facts, pixels: raster, alpha: null };
  const pixels = new raster.constructor(width * height * 3), alpha = new raster.constructor(width * height);
  for (let at = 0; at < alpha.length; at++) {
    pixels.set(raster.subarray(4 * at, 4 * at + 3), 3 * at);
    alpha[at] = raster[4 * at + 3];
  }
  return { ...facts, pixels, alpha };
}
