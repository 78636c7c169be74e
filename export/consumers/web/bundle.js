/** A bundle's manifest and files, checked before anything uses them. */

const SCHEMA_VERSION = 1;
const MOST_CHANNELS = 16;
const PICTURE_CHANNELS = [1, 3, 4];
const ROOT = new URL('../', import.meta.url);
const FILES = {
  encode: 'onnx/encode.onnx',
  decode: 'onnx/decode.onnx',
  generate: 'onnx/generate.onnx',
  score: 'onnx/score.onnx',
  golden: 'golden.json',
};
const INPUTS = {
  encode: ['image'],
  decode: ['latent'],
  generate: ['index', 'seed', 'temperature'],
  score: ['image', 'index', 'seed'],
};

/** A fault of the bundle's, in words for the person at the page. */
export class BundleError extends Error {}

/** Files that are not what the manifest says. `problems` has a sentence for each. */
export class UntrustedFiles extends BundleError {
  constructor(problems) {
    super(problems.join(' '));
    this.problems = problems;
  }
}

/**
 * Load the bundle that this page lies in.
 * @param {boolean} trusting use files even if they are not what the manifest says.
 * @returns {Promise<{manifest: object, files: Object<string, Uint8Array>, missing: Object<string, string>,
 *   checked: number}>} the bytes of the files by name ("encode", "decode", "generate", "score", "golden"), why
 *   others, or channels that a "picture" has, are not there, and how many agreed with the manifest.
 * @throws {BundleError} a manifest or file that does not load; UntrustedFiles where one is not what it should be.
 */
export async function loadBundle(trusting = false) {
  const manifest = readManifest(await fetchBytes('manifest.json'));
  const files = {};
  const missing = {};
  const problems = [];
  const channels = manifest.model.image_shape[2];
  if (!PICTURE_CHANNELS.includes(channels)) missing.picture = `pictures do not have ${channels} channels`;
  if (!manifest.score) {
    missing.score = `it was written by keras_vae ${manifest.versions?.keras_vae}, and only later versions write scores`;
  }
  for (const [name, path] of Object.entries(FILES)) {
    if (!manifest.files[path]) {
      missing[name] ??= manifest.not_written?.[path] ?? `the manifest does not list ${path}`;
      continue;
    }
    files[name] = await fetchBytes(path);
    const problem = await compare(path, files[name], manifest.files[path]);
    if (problem) problems.push(problem);
  }
  if (problems.length && !trusting) throw new UntrustedFiles(problems);
  return { manifest, files, missing, checked: Object.keys(files).length - problems.length };
}

async function fetchBytes(path) {
  let response;
  try {
    response = await fetch(new URL(path, ROOT), { cache: 'no-cache' });
  } catch {
    throw new BundleError(`${path} did not load: the server does not answer. Start it again and reload this page.`);
  }
  if (!response.ok) {
    throw new BundleError(
      `${path} did not load (HTTP status ${response.status}). It belongs in the folder above this page: ` +
        'copy the whole bundle again, and serve its folder.',
    );
  }
  return new Uint8Array(await response.arrayBuffer());
}

function readManifest(bytes) {
  let manifest;
  try {
    manifest = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new BundleError(`manifest.json is not JSON (${error.message}). Copy the whole bundle again.`);
  }
  const version = manifest?.schema_version;
  if (version !== SCHEMA_VERSION) {
    throw new BundleError(
      `manifest.json has schema_version ${JSON.stringify(version)}, and this page reads ${SCHEMA_VERSION}. ` +
        'Use the page of the keras_vae that wrote the bundle, or export the model again.',
    );
  }
  const complain = (found, expected) => {
    throw new BundleError(
      `manifest.json has ${found}, and this page expects ${expected}. Export the model again, or use a newer page.`,
    );
  };
  const size = (value) => Number.isInteger(value) && value > 0;
  const { image_shape: shape, latent_dim: latentDim, classes = null } = manifest.model ?? {};
  if (!(Array.isArray(shape) && shape.length === 3 && shape.every(size) && shape[2] <= MOST_CHANNELS)) {
    complain(`image_shape ${JSON.stringify(shape)}`, `height, width, and 1 to ${MOST_CHANNELS} channels`);
  }
  if (!size(latentDim)) complain(`latent_dim ${JSON.stringify(latentDim)}`, 'a positive integer');
  if (classes !== null && !size(classes)) complain(`classes ${JSON.stringify(classes)}`, 'a positive integer, or none');
  for (const section of ['artifacts', 'files', 'signatures']) {
    if (typeof manifest[section] !== 'object' || !manifest[section]) complain(`no section "${section}"`, 'one');
  }
  for (const [name, own] of Object.entries(INPUTS)) {
    if (name === 'score' && !manifest.score) continue; // of a version before scores
    const inputs = classes === null ? own : [...own, 'label'].sort();
    const found = Object.keys(manifest.signatures[name]?.inputs ?? {}).sort();
    if (String(found) !== String(inputs)) complain(`inputs ${found.join(', ') || 'none'} for ${name}`, inputs.join(', '));
  }
  const threshold = manifest.score?.threshold?.elbo ?? null;
  if (threshold !== null && !Number.isFinite(threshold)) {
    complain(`a threshold of ${JSON.stringify(threshold)}`, 'nats, or none');
  }
  return manifest;
}

/** Return what is wrong with a file, or null. */
async function compare(path, bytes, { bytes: size, sha256 }) {
  if (bytes.length !== size) return `${path} has ${bytes.length} bytes, and the manifest says ${size}.`;
  if (!globalThis.crypto?.subtle) {
    return `${path} cannot be checked: browsers compute SHA-256 only for addresses of https or of this machine.`;
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return found === sha256 ? null : `${path} has a different SHA-256 from that in the manifest (${found.slice(0, 12)}…).`;
}
