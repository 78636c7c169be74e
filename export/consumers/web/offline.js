/** The page and its bundle, kept in the browser: it can be installed, and opens without the server. */

const KEPT = 'keras_vae'; // the cache that worker.js answers from

/**
 * Keep everything that this page has loaded, for its service worker to answer with where the server does not.
 * @returns {Promise<boolean>} whether it is kept: not where the address is no secure one, the browser has no room, or
 *   the server says that nothing may be stored, as that of `keras-vae explore` does.
 */
export async function keepOffline() {
  const home = new URL('./', location);
  try {
    const { headers } = await fetch(home, { method: 'HEAD' });
    if (!navigator.serviceWorker || headers.get('Cache-Control')?.includes('no-store')) return false;
    await navigator.serviceWorker.register('worker.js');
    const loaded = performance.getEntriesByType('resource').map(({ name }) => name);
    const linked = Array.from(document.querySelectorAll('link'), ({ href }) => href);
    const here = location.origin + location.pathname; // index.html, say
    const cache = await caches.open(KEPT);
    const kept = (await cache.keys()).map(({ url }) => url);
    const lacking = (url) => url.startsWith(`${location.origin}/`) && !kept.includes(url);
    await cache.addAll(new Set([home.href, here, ...loaded, ...linked].filter(lacking)));
    await navigator.serviceWorker.ready;
    return true;
  } catch {
    return false;
  }
}
