/** The page's service worker: the server answers, and where it does not, what was kept of its last answers. */

const KEPT = 'keras_vae'; // the cache that offline.js fills first

addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('fetch', (event) => {
  if (event.request.method === 'GET') event.respondWith(answer(event));
});

async function answer(event) {
  const { request } = event;
  let response;
  try {
    response = await fetch(request);
  } catch (error) {
    const kept = await caches.match(request, { cacheName: KEPT, ignoreSearch: true, ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
  const storable = response.ok && !response.headers.get('Cache-Control')?.includes('no-store');
  if (storable) event.waitUntil(keep(request, response.clone()));
  return response;
}

async function keep(request, response) {
  const cache = await caches.open(KEPT);
  await cache.put(request, response);
}
