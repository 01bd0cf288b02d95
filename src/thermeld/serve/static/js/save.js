/** What the visitor takes away: the panel of all three pictures. PNGs are made in the worker. */

const GAP_PX = 6;
const CAPTIONS = { ir: "infrared", vis: "visible", fused: "fused" };

/**
 * The three pictures in a row, each under its caption.
 * @param {{ir: ImageBitmap, vis: ImageBitmap, fused: ImageBitmap}} pictures of one size.
 * @returns {Promise<Blob>} PNG.
 */
export function panelOf(pictures) {
  const { width, height } = pictures.fused;
  const size = Math.min(2, Math.max(0.35, width / 640)), bar = Math.round(34 * size);
  const canvas = new OffscreenCanvas(3 * width + 2 * GAP_PX, height + bar);
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#1e1e1e";
  context.font = `${Math.round(20 * size)}px system-ui, sans-serif`;
  Object.entries(CAPTIONS).forEach(([role, caption], at) => {
    const left = at * (width + GAP_PX);
    context.fillText(caption, left + 6 * size, 24 * size);
    context.drawImage(pictures[role], left, bar, width, height);
  });
  return canvas.convertToBlob({ type: "image/png" });
}
