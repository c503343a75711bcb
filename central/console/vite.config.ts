// Assets are addressed from the origin's root, as the same page is served at `/` and `/enter/TOKEN`.
// Nothing is inlined: the page runs under `script-src 'self'; style-src 'self'; img-src 'self'`.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

export default defineConfig({
  base: "/",
  plugins: [svelte()],
  build: { outDir: "dist", assetsInlineLimit: 0, modulePreload: { polyfill: false }, target: "es2022" },
  test: { css: true }, // a test reads the colours
  server: { host: "127.0.0.1", proxy: { "/api": "http://127.0.0.1:8080" } },
});
