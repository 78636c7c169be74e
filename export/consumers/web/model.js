/** The model: a bundle's ONNX files, run by ONNX Runtime. */

import { BundleError } from './bundle.js';

const LARGEST_CALL = 16; // images; between two calls the page stays alive

/**
 * Images are Float32Array of n*H*W*C pixels in [0, 1], latents of n*d numbers. A conditional model has `classes`, and
 * draws `label`; "label" is fired whenever that is set.
 */
export class Model extends EventTarget {
  #label = null;
  #runtime;
  #sessions;
  #batch;
  #turn = Promise.resolve();

  /**
   * @param {object} runtime from `startRuntime`.
   * @param {{manifest: object, files: Object<string, Uint8Array>}} bundle from `loadBundle`.
   * @returns {Promise<Model>}
   * @throws {BundleError} a file that ONNX Runtime cannot load.
   */
  static async create(runtime, { manifest, files }) {
    const model = new Model();
    model.#runtime = runtime;
    model.#sessions = {};
    model.#batch = {};
    [model.height, model.width, model.channels] = manifest.model.image_shape;
    model.pixels = model.height * model.width * model.channels;
    model.latentDim = manifest.model.latent_dim;
    model.classes = manifest.model.classes ?? null;
    model.classNames = manifest.model.class_names ?? [];
    model.#label = model.classes && 0;
    for (const name of ['encode', 'decode', 'generate', 'score']) {
      if (!files[name]) continue;
      const path = `onnx/${name}.onnx`;
      model.#batch[name] = manifest.artifacts[path]?.batch ?? null;
      try {
        model.#sessions[name] = await runtime.InferenceSession.create(files[name]);
      } catch (error) {
        throw new BundleError(
          `${path} is not a model that ONNX Runtime can load (${error?.message ?? error}). Copy the bundle again.`,
        );
      }
    }
    return model;
  }

  /** The class that all pictures are of; null for a model without. */
  get label() {
    return this.#label;
  }

  set label(value) {
    this.#label = value;
    this.dispatchEvent(new Event('label'));
  }

  /**
   * Draw images from the prior. Image i depends on the seed, i and the temperature alone.
   * @param {ArrayLike<number>} index image numbers, from 0 to 2**31 - 1.
   * @param {number} seed an int32.
   * @param {number} temperature at least 0.
   * @param {number | null} label the class, where the model has classes; it changes no latent.
   * @returns {Promise<{image: Float32Array, latent: Float32Array}>}
   */
  async generate(index, seed, temperature = 1, label = this.label) {
    const scalars = {
      seed: new this.#runtime.Tensor('int32', Int32Array.of(seed), []),
      temperature: new this.#runtime.Tensor('float32', Float32Array.of(temperature), []),
    };
    const { image, latent } = await this.#run('generate', { index: Int32Array.from(index) }, label, scalars);
    return { image, latent };
  }

  /**
   * @param {Float32Array} latent
   * @param {number | null} label
   * @returns {Promise<Float32Array>} the mean of p(x|z), as images.
   */
  async decode(latent, label = this.label) {
    return (await this.#run('decode', { latent }, label)).image;
  }

  /**
   * @param {Float32Array} image
   * @param {number | null} label
   * @returns {Promise<{mean: Float32Array, stddev: Float32Array}>} of q(z|x).
   */
  async encode(image, label = this.label) {
    const { mean, stddev } = await this.#run('encode', { image }, label);
    return { mean, stddev };
  }

  /**
   * Say how unusual images are. A score depends on the image, its row and the seed alone, and its label.
   * @param {Float32Array} image
   * @param {number} seed an int32, of the posterior's samples.
   * @param {number | null} label
   * @returns {Promise<{elbo: Float32Array, reconstruction: Float32Array, kl: Float32Array, bound: Float32Array}>} nats
   *   of each image: the lower its ELBO, the more unusual.
   */
  async score(image, seed = 0, label = this.label) {
    const index = Int32Array.from({ length: image.length / this.pixels }, (_, i) => i);
    return this.#run('score', { image, index }, label, { seed: new this.#runtime.Tensor('int32', [seed], []) });
  }

  /** The shape of a row of an input or output. */
  #rowShape(name) {
    if (name === 'image') return [this.height, this.width, this.channels];
    return ['latent', 'mean', 'stddev'].includes(name) ? [this.latentDim] : [];
  }

  /** Run a signature on inputs of n rows, a few at a time; calls wait for one another. */
  #run(name, inputs, label, scalars = {}) {
    const result = this.#turn.then(() => this.#runNow(name, inputs, label, scalars));
    this.#turn = result.catch(() => {});
    return result;
  }

  async #runNow(name, inputs, label, scalars) {
    const session = this.#sessions[name];
    if (!session) throw new BundleError(`This bundle has no onnx/${name}.onnx.`);
    const width = (part) => this.#rowShape(part).reduce((product, side) => product * side, 1);
    const [[first, { length }]] = Object.entries(inputs);
    const n = length / width(first);
    if (this.classes && !(Number.isInteger(label) && label >= 0 && label < this.classes)) {
      throw new BundleError(`The class is ${label}: expected a whole number from 0 to ${this.classes - 1}.`);
    }
    if (!Number.isInteger(n) || n < 1) {
      throw new BundleError(`${name} takes rows of ${width(first)} numbers; ${length} were given.`);
    }
    const given = this.classes ? { ...inputs, label: new Int32Array(n).fill(label) } : inputs;
    const fixed = this.#batch[name];
    const step = fixed ?? LARGEST_CALL;
    const parts = {};
    for (let start = 0; start < n; start += step) {
      if (start) await new Promise((resolve) => setTimeout(resolve));
      const count = Math.min(step, n - start);
      const rows = fixed ?? count; // a last call is filled with zeros where the number is fixed
      const feeds = { ...scalars };
      for (const [input, values] of Object.entries(given)) {
        const some = new values.constructor(rows * width(input));
        some.set(values.subarray(start * width(input), (start + count) * width(input)));
        const type = some instanceof Int32Array ? 'int32' : 'float32';
        feeds[input] = new this.#runtime.Tensor(type, some, [rows, ...this.#rowShape(input)]);
      }
      for (const [output, { data }] of Object.entries(await session.run(feeds))) {
        const size = width(output);
        if (data.length !== rows * size) {
          throw new BundleError(`onnx/${name}.onnx returns a different ${output} from that in the manifest. Export the model again.`);
        }
        parts[output] ??= new Float32Array(n * size);
        parts[output].set(data.subarray(0, count * size), start * size);
      }
    }
    return parts;
  }
}
