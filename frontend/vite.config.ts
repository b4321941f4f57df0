/// <reference types="vitest/config" />
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const OUT = "../src/dothi/web/static/dist";

const entries = [
  "site",
  "map",
  "chart",
  "catalogue",
  "workbench",
  "workbench-print",
  "cameras",
  "rules",
  "duty",
  "notify",
  "operations",
  "wall",
  "leader",
  "warnings",
  "casework",
  "field",
  "board",
  "services",
  "reports",
  "reports-new",
  "transparency",
  "transit",
  "sectors",
  "indicators",
] as const;

/** Writes .br and .gz twins, which dothi.web.files sends instead. */
const smaller: Plugin = {
  name: "smaller",
  apply: "build", // the tests' own bundler closes too
  closeBundle() {
    const folder = join(import.meta.dirname ?? ".", OUT, "assets");
    for (const name of readdirSync(folder).filter((one) => /\.(js|mjs|css|svg)$/.test(one))) {
      const bytes = readFileSync(join(folder, name));
      writeFileSync(join(folder, `${name}.br`), brotliCompressSync(bytes));
      writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }));
    }
  },
};

export default defineConfig({
  plugins: [smaller],
  test: { pool: "threads", include: ["test/**/*.test.ts"] },
  base: "/static/dist/",
  build: {
    outDir: OUT,
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    sourcemap: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
    rolldownOptions: { input: Object.fromEntries(entries.map((name) => [name, `src/${name}.ts`])) },
  },
});
