// The built studio goes into the Python package. It notes what it was built from, so that a test
// can tell without Node whether it is fresh.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import tailwind from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const here = import.meta.dirname
const out = join(here, '../src/printroom/studio')

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? sources(path) : [path]
  })
}

/** SHA-256 over the names and bytes of all that the studio is built from. */
function digest(): string {
  const single = ['index.html', 'package-lock.json', 'vite.config.ts'].map((name) => join(here, name))
  const names = [...single, ...sources(join(here, 'src'))].map((path) => relative(here, path))
  const hash = createHash('sha256')
  for (const name of names.map((one) => one.split(sep).join('/')).sort()) {
    hash.update(`${name}\0`).update(readFileSync(join(here, name))).update('\0')
  }
  return hash.digest('hex')
}

const noted: Plugin = {
  name: 'built-from',
  apply: 'build',
  closeBundle: () => writeFileSync(join(out, 'built-from.txt'), `${digest()}\n`),
}

export default defineConfig({
  base: './',
  plugins: [react(), tailwind(), noted],
  build: {
    outDir: out,
    emptyOutDir: true,
    assetsInlineLimit: 0, // the policy allows no data: but for pictures
    modulePreload: { polyfill: false },
    target: 'es2022',
  },
  server: {
    proxy: Object.fromEntries(
      ['/v1', '/v2', '/i', '/a', '/metrics', '/healthz', '/readyz', '/sample.jpg', '/docs'].map((path) => [
        path,
        { target: process.env.PRINTROOM ?? 'http://127.0.0.1:8000', changeOrigin: false }, // else the API takes us for another site
      ]),
    ),
  },
})
