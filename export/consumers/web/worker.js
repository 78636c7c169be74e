/** The page's service worker: the server answers, and where it does not, what was kept of its last answers. */

const KEPT = 'keras_vae'; // the cache that offline.js fills first

addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('fetch', (event) => {
  if (event.request.method === 'GET') event.respondWith(answer(event));
});

async function answer(event) {
  const { request } = event;
  const cache = await caches.open(KEPT);
  try {
    const response = await fetch(request);
    const storable = response.ok && !response.headers.get('Cache-Control')?.includes('no-store');
    if (storable) event.waitUntil(cache.put(request, response.clone()));
    return response;
  } catch (error) {
    const kept = await cache.match(request, { ignoreSearch: true, ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
}
