import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// The platform (or the mock) that `npm run dev` speaks to.
const platform = process.env.FENGHUO_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: ['chrome119', 'edge119', 'firefox119', 'safari17'],
    // Nothing is inlined as data: the policy of the page allows images so, but no fonts or styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: { '/v1': { target: platform, ws: true, changeOrigin: false } },
  },
  test: {
    include: ['tests/unit/**/*.test.ts', 'tests/browser/**/*.test.ts', 'tests/demo/**/*.test.ts'],
    // One browser at a time: the suite also runs on two cores.
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
