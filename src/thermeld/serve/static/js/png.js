/**
 * PNG, both ways, with all 16 bits: browsers hand out 8.
 * Source: PNG (W3C, 3rd edition), sections 5, 7, 8, 9 and 10.
 */
import { Refusal } from "./errors.js";
import { packed, unpacked } from "./gzip.js";
import { requireRoom } from "./limits.js";
import { orientationOf } from "./tiff.js";

export const MAGIC = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const SAMPLES = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const GREY = 0, RGB = 2, PALETTE = 3;
// Adam7: first column and row, and steps between them, of each of the seven passes.
const PASSES = [
  [0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2],
];

const CRC = new Uint32Array(256).map((_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? 0xedb88320 ^ (byte >>> 1) : byte >>> 1;
  return byte;
});

function checksum(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

function chunksOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = { IDAT: [] };
  for (let at = MAGIC.length; !("IEND" in found); ) {
    const size = at + 12 <= bytes.length ? view.getUint32(at) : Infinity;
    if (at + 12 + size > bytes.length) throw new Refusal("it is cut off; copy or export it again");
    const kind = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (checksum(bytes.subarray(at + 4, at + 8 + size)) !== view.getUint32(at + 8 + size)) {
      throw new Refusal("it is damaged (a checksum inside is wrong); copy or export it again");
    }
    const body = bytes.subarray(at + 8, at + 8 + size);
    if (kind === "IDAT") found.IDAT.push(body);
    else found[kind] ??= body;
    at += 12 + size;
  }
  if (found.IHDR?.length !== 13 || !found.IDAT.length) {
    throw new Refusal("it is damaged (parts are missing); export it again");
  }
  return found;
}

function headerOf(chunk) {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const header = {
    width: view.getUint32(0), height: view.getUint32(4),
    bits: chunk[8], kind: chunk[9], interlaced: chunk[12] === 1,
  };
  header.samples = SAMPLES[header.kind];
  const pixels = header.width * header.height;
  if (!pixels || !header.samples || ![1, 2, 4, 8, 16].includes(header.bits)) {
    throw new Refusal("it is damaged (its header is impossible); export it again");
  }
  requireRoom(header.width, header.height);
  return header;
}

function paeth(left, up, corner) {
  const a = Math.abs(up - corner), b = Math.abs(left - corner), c = Math.abs(left + up - 2 * corner);
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

/** Undo the filter of one row in place; `before` is the row above. */
function unfilter(row, before, kind, step) {
  const count = row.length;
  if (kind === 1) for (let at = step; at < count; at++) row[at] += row[at - step];
  else if (kind === 2) for (let at = 0; at < count; at++) row[at] += before[at];
  else if (kind === 3) {
    for (let at = 0; at < count; at++) row[at] += ((at < step ? 0 : row[at - step]) + before[at]) >> 1;
  } else if (kind === 4) {
    for (let at = 0; at < step; at++) row[at] += before[at];
    for (let at = step; at < count; at++) row[at] += paeth(row[at - step], before[at], before[at - step]);
  } else if (kind) throw new Refusal("it is damaged (an unknown filter); export it again");
}

/** Samples of one row, whatever their depth. */
function samplesOf(row, count, bits) {
  if (bits === 8) return row.subarray(0, count);
  const samples = bits === 16 ? new Uint16Array(count) : new Uint8Array(count);
  for (let at = 0; at < count; at++) {
    if (bits === 16) samples[at] = (row[2 * at] << 8) | row[2 * at + 1];
    else samples[at] = (row[(at * bits) >> 3] >> (8 - bits - ((at * bits) & 7))) & ((1 << bits) - 1);
  }
  return samples;
}

/** All samples, (height, width, samples); of one pass or of all seven. */
function rasterOf(data, header) {
  const { width, height, bits, samples } = header;
  const raster = new (bits === 16 ? Uint16Array : Uint8Array)(width * height * samples);
  let at = 0;
  for (const [left, top, across, down] of header.interlaced ? PASSES : [[0, 0, 1, 1]]) {
    const columns = Math.ceil((width - left) / across);
    const bytes = Math.ceil((columns * samples * bits) / 8);
    let before = new Uint8Array(bytes);
    for (let y = top; columns > 0 && y < height; y += down, at += bytes + 1) {
      if (at + bytes + 1 > data.length) throw new Refusal("it is cut off; copy or export it again");
      const row = data.subarray(at + 1, at + 1 + bytes);
      unfilter(row, before, data[at], Math.max(1, (samples * bits) >> 3));
      const values = samplesOf(row, columns * samples, bits);
      if (across === 1) raster.set(values, y * width * samples);
      else for (let x = 0; x < columns; x++) {
        const place = (y * width + left + x * across) * samples;
        for (let k = 0; k < samples; k++) raster[place + k] = values[x * samples + k];
      }
      before = row;
    }
  }
  return raster;
}

/** Palettes become RGB; 1, 2 and 4 bits become 8; the last sample of two or four is opacity. */
function pictureOf(raster, header, chunks) {
  const { width, height, kind, bits, samples } = header;
  const depth = bits === 16 ? 16 : 8;
  const count = width * height;
  if (kind === PALETTE) {
    const pixels = new Uint8Array(count * 3);
    const alpha = chunks.tRNS ? new Uint8Array(count).fill(255) : null;
    for (let at = 0; at < count; at++) {
      for (let k = 0; k < 3; k++) pixels[3 * at + k] = chunks.PLTE?.[3 * raster[at] + k] ?? 0;
      if (alpha && raster[at] < chunks.tRNS.length) alpha[at] = chunks.tRNS[raster[at]];
    }
    return { width, height, channels: 3, depth, pixels, alpha };
  }
  if (bits < 8) for (let at = 0; at < raster.length; at++) raster[at] *= 255 / (2 ** bits - 1);
  const channels = kind & RGB ? 3 : 1;
  if (samples === channels) return { width, height, channels, depth, pixels: raster, alpha: null };
  const pixels = new raster.constructor(count * channels), alpha = new raster.constructor(count);
  for (let at = 0; at < count; at++) {
    for (let k = 0; k < channels; k++) pixels[at * channels + k] = raster[at * samples + k];
    alpha[at] = raster[at * samples + channels];
  }
  return { width, height, channels, depth, pixels, alpha };
}

/**
 * Read a PNG as stored.
 * @param {Uint8Array} bytes
 * @returns {Promise<object>} width, height, channels (1 or 3), depth (8 or 16), pixels (interleaved),
 *   alpha (or null), orientation as in EXIF.
 */
export async function readPng(bytes) {
  const chunks = chunksOf(bytes);
  const header = headerOf(chunks.IHDR);
  let data;
  try {
    data = await unpacked(await new Blob(chunks.IDAT).arrayBuffer(), "deflate");
  } catch {
    throw new Refusal("it is damaged (its pixels cannot be unpacked); export it again");
  }
  const orientation = chunks.eXIf ? orientationOf(chunks.eXIf) : 1;
  return { ...pictureOf(rasterOf(data, header), header, chunks), orientation };
}

function chunk(kind, body) {
  const bytes = new Uint8Array(body.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  for (let at = 0; at < 4; at++) bytes[4 + at] = kind.charCodeAt(at);
  bytes.set(body, 8);
  view.setUint32(8 + body.length, checksum(bytes.subarray(4, 8 + body.length)));
  return bytes;
}

/** Pixels with their opacity as their last sample. */
function withAlpha({ channels, pixels, alpha }) {
  if (!alpha) return pixels;
  const all = new pixels.constructor(alpha.length * (channels + 1));
  for (let at = 0, to = 0; at < alpha.length; at++) {
    for (let k = 0; k < channels; k++) all[to++] = pixels[at * channels + k];
    all[to++] = alpha[at];
  }
  return all;
}

/** Rows, big-endian, each after its filter byte (2: less the row above). */
function filteredRows(picture) {
  const { height, depth } = picture, samples = withAlpha(picture);
  const count = samples.length / height, wide = depth / 8, length = count * wide;
  const rows = new Uint8Array(height * (length + 1));
  let before = new Uint8Array(length), row = new Uint8Array(length);
  for (let y = 0; y < height; y++) {
    const from = y * count, start = y * (length + 1) + 1;
    for (let at = 0; at < count; at++) {
      const value = samples[from + at];
      if (wide === 1) row[at] = value;
      else {
        row[2 * at] = value >> 8;
        row[2 * at + 1] = value & 255;
      }
    }
    rows[start - 1] = 2;
    for (let at = 0; at < length; at++) rows[start + at] = row[at] - before[at];
    [before, row] = [row, before];
  }
  return rows;
}

/**
 * Write a PNG.
 * @param {object} picture width, height, channels (1 or 3), depth (8 or 16), pixels, alpha or null.
 * @returns {Promise<Uint8Array>}
 */
export async function writePng(picture) {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, picture.width);
  view.setUint32(4, picture.height);
  header[8] = picture.depth;
  header[9] = (picture.channels === 3 ? RGB : GREY) + (picture.alpha ? 4 : 0);
  const data = await packed(filteredRows(picture), "deflate");
  const parts = [
    new Uint8Array(MAGIC), chunk("IHDR", header), chunk("IDAT", data), chunk("IEND", new Uint8Array()),
  ];
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
