/** The golden values of a bundle: what this browser, too, must draw. */

/**
 * Draw the golden latents and count those that agree bit by bit.
 * @param {Model} model
 * @param {object} golden what golden.json holds.
 * @returns {Promise<{equal: number, all: number}>} latents.
 */
export async function checkLatents(model, golden) {
  let equal = 0;
  let all = 0;
  for (const { seed, temperature, index, latent } of golden.generate) {
    const drawn = (await model.generate(index, seed, temperature)).latent;
    for (const [i, row] of latent.entries()) {
      all += 1;
      equal += row.every((value, j) => Math.fround(value) === drawn[i * model.latentDim + j]);
    }
  }
  return { equal, all };
}
