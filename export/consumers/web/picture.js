/** Pixels to canvases, and canvases to PNG files. */

const SMALLEST_FILE = 256; // pixels a side: an image of 8 x 8 is enlarged before it is saved
const SQUARE = 4; // pixels a side, of the checkerboard under what is transparent
const SHADE = 0.8;

/**
 * Paint images side by side, row by row, one canvas pixel a pixel. Of four channels the last is transparency, over a
 * light checkerboard; of any number but 1, 3 or 4 the first channel is shown.
 * @param {HTMLCanvasElement} canvas its size is set.
 * @param {Float32Array} image n images with pixels in [0, 1].
 * @param {{height: number, width: number, channels: number}} shape of one image.
 * @param {number} columns images in a row.
 * @param {boolean} apart whether there is a gap between them.
 */
export function paint(canvas, image, { height, width, channels }, columns = 1, apart = false) {
  const size = height * width * channels;
  const n = image.length / size;
  const gap = apart ? Math.round(width / 20) : 0;
  columns = Math.min(columns, n);
  const place = (row, column) => [column * (width + gap), row * (height + gap)];
  [canvas.width, canvas.height] = place(Math.ceil(n / columns), columns).map((end) => end - gap);
  // Large pictures are smoothed where the page scales them; the pixels of small ones are shown as they are.
  canvas.classList.toggle('smooth', width >= 64 || canvas.width > 300);
  const context = canvas.getContext('2d');
  const data = context.createImageData(width, height);
  for (let i = 0; i < n; i++) {
    for (let pixel = 0; pixel < height * width; pixel++) {
      const at = i * size + pixel * channels;
      const squares = Math.floor(pixel / width / SQUARE) + Math.floor((pixel % width) / SQUARE);
      const alpha = channels === 4 ? clip(image[at + 3]) : 1;
      for (let c = 0; c < 3; c++) {
        const value = clip(image[at + (channels === 3 || channels === 4 ? c : 0)]);
        // A clamped array rounds.
        data.data[4 * pixel + c] = 255 * (value * alpha + (squares % 2 ? SHADE : 1) * (1 - alpha));
      }
      data.data[4 * pixel + 3] = 255;
    }
    context.putImageData(data, ...place(Math.floor(i / columns), i % columns));
  }
}

function clip(value) {
  return Math.min(1, Math.max(0, value));
}

/**
 * Save a canvas as a PNG file, enlarged by a whole number if it is tiny.
 * @param {HTMLCanvasElement} canvas
 * @param {string} name of the file.
 */
export async function save(canvas, name) {
  const factor = Math.max(1, Math.ceil(SMALLEST_FILE / Math.max(canvas.width, canvas.height)));
  const enlarged = document.createElement('canvas');
  enlarged.width = canvas.width * factor;
  enlarged.height = canvas.height * factor;
  const context = enlarged.getContext('2d');
  context.imageSmoothingEnabled = false;
  context.drawImage(canvas, 0, 0, enlarged.width, enlarged.height);
  const blob = await new Promise((resolve) => enlarged.toBlob(resolve, 'image/png'));
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
