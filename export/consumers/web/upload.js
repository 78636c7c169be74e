/** A picture of the person's, brought to the size that the model knows. */

const LUMA = [19595, 38470, 7471]; // of ITU-R BT.601 in 65536ths, as Pillow makes an image gray, byte for byte

/**
 * Read a file as the model's training images were read: turned upright, transparency laid on white unless the model knows it, scaled until
 * it covers the size, the centre cut out, gray where the model is gray.
 * @param {Blob} file
 * @param {{height: number, width: number, channels: number}} shape
 * @param {boolean} inverted whether dark and light change places.
 * @returns {Promise<Float32Array>} height*width*channels pixels in [0, 1].
 * @throws {Error} a file that the browser cannot read as an image.
 */
export async function readImage(file, { height, width, channels }, inverted) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Error(`${file.name ?? 'This'} cannot be read as an image: choose a PNG, JPEG, WebP, GIF or BMP file.`);
  }
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (channels !== 4) {
    context.fillStyle = 'white';
    context.fillRect(0, 0, width, height);
  }
  context.imageSmoothingQuality = 'high';
  const scale = Math.max(width / bitmap.width, height / bitmap.height);
  const [w, h] = [bitmap.width * scale, bitmap.height * scale];
  context.drawImage(bitmap, (width - w) / 2, (height - h) / 2, w, h);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  return Float32Array.from({ length: height * width * channels }, (_, i) => {
    const pixel = 4 * Math.floor(i / channels);
    const byte =
      channels >= 3
        ? data[pixel + (i % channels)]
        : LUMA.reduce((sum, weight, c) => sum + weight * data[pixel + c], 0x8000) >> 16;
    return (inverted && i % channels < 3 ? 255 - byte : byte) / 255;
  });
}
