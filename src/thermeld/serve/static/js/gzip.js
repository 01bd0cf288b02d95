/** Deflate and gzip by the browser's own streams. */

async function through(bytes, stream) {
  const answer = new Response(new Blob([bytes]).stream().pipeThrough(stream));
  return new Uint8Array(await answer.arrayBuffer());
}

/**
 * Unpack bytes.
 * @param {Uint8Array} bytes
 * @param {"deflate" | "gzip"} kind "deflate" is zlib's format, as in PNG and TIFF.
 */
export const unpacked = (bytes, kind) => through(bytes, new DecompressionStream(kind));

/** Pack bytes; kinds as of `unpacked`. */
export const packed = (bytes, kind) => through(bytes, new CompressionStream(kind));
