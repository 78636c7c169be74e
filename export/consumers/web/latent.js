/** Latents: the one that the page shows, the order of its dimensions, and the way between two. */

/** The latent on show. Fires "change" whenever it is set. */
export class Latent extends EventTarget {
  /** @param {number} dimensions */
  constructor(dimensions) {
    super();
    this.values = new Float32Array(dimensions);
  }

  /** @param {ArrayLike<number>} values */
  set(values) {
    this.values = Float32Array.from(values);
    this.dispatchEvent(new Event('change'));
  }

  /**
   * @param {number} dimension
   * @param {number} value
   */
  setOne(dimension, value) {
    this.set(this.values.with(dimension, value));
  }
}

/**
 * Order the dimensions by how much they carry.
 * @param {object} manifest
 * @param {object | null} golden what golden.json holds.
 * @returns {{order: number[], kl: number[] | null, how: string}} dimensions, most informative first; nats of each by
 *   dimension, where known; where the order is from.
 */
export function orderDimensions(manifest, golden) {
  const d = manifest.model.latent_dim;
  const usable = (list) => Array.isArray(list) && list.length === d && list.every(Number.isFinite);
  const natural = Array.from({ length: d }, (_, j) => j);
  const sorted = (kl) => natural.toSorted((a, b) => kl[b] - kl[a]);
  const measured = manifest.metrics?.kl_per_dimension;
  if (usable(measured)) {
    return { order: sorted(measured), kl: measured, how: 'The sliders are sorted by their KL on test images, in nats.' };
  }
  const { mean, stddev } = golden?.encode ?? {};
  if (mean?.length && mean.every(usable) && stddev?.length === mean.length && stddev.every(usable)) {
    // KL of a diagonal normal to the standard normal, averaged over the images.
    const one = (m, s) => 0.5 * (m * m + s * s - 1) - Math.log(s);
    const kl = natural.map((j) => mean.reduce((sum, row, i) => sum + one(row[j], stddev[i][j]), 0) / mean.length);
    return {
      order: sorted(kl),
      kl: null,
      how: `The manifest has no KL per dimension. The sliders are sorted by an estimate from ${mean.length} images of the model.`,
    };
  }
  return { order: natural, kl: null, how: 'The sliders are in the model’s order: the bundle does not say how informative each one is.' };
}

/**
 * Go from a to b on the great circle: a straight line would pass through shorter, less typical latents.
 * @param {Float32Array} a
 * @param {Float32Array} b
 * @param {number} t from 0 (a) to 1 (b).
 * @returns {Float32Array}
 */
export function between(a, b, t) {
  const dot = (u, v) => u.reduce((sum, value, j) => sum + value * v[j], 0);
  const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  // Parallel, opposite or zero: no circle is singled out, and the line does.
  const curved = Math.sin(angle) > 1e-4;
  const [p, q] = curved ? [Math.sin((1 - t) * angle), Math.sin(t * angle)].map((s) => s / Math.sin(angle)) : [1 - t, t];
  return a.map((value, j) => p * value + q * b[j]);
}
