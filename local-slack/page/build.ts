import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

export type Page = { html: string; files: Record<string, { type: string; body: Uint8Array }> }

const TYPES: Record<string, string> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  woff2: 'font/woff2',
}

/**
 * Bundles the page in memory, with the app's name in its title. The HTML asks for its files under `/page/NAME`; everything it
 * needs is among them, so that it works without a network. Throws with esbuild's messages if it does not compile.
 */
export async function buildPage(app: string): Promise<Page> {
  const result = await build({
    entryPoints: { app: here('main.tsx'), style: here('styles/main.css') },
    bundle: true,
    write: false,
    outdir: here('out'),
    format: 'esm',
    jsx: 'automatic',
    minify: true,
    target: 'es2023',
    assetNames: '[name]',
    publicPath: '/page',
    loader: { '.woff2': 'file', '.woff': 'empty' },
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'silent',
  })
  const files = result.outputFiles.map(({ path, contents }) => {
    const name = basename(path)
    return [
      name,
      { type: TYPES[name.split('.').at(-1)!] ?? 'application/octet-stream', body: contents },
    ] as const
  })
  return { html: htmlFor(app), files: Object.fromEntries(files) }
}

function here(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url))
}

const htmlFor = (app: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${app.replace(/[&<]/g, (one) => `&#${one.charCodeAt(0)};`)} in a local Slack</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E%3Crect width='24' height='24' rx='6' fill='%234a154b'/%3E%3Cg fill='none' stroke='white' stroke-width='2'%3E%3Ccircle cx='9' cy='15' r='3.5'/%3E%3Cpath d='M11.500 12.500 18 6' stroke-linecap='round'/%3E%3C/g%3E%3C/svg%3E">
<link rel="stylesheet" href="/page/style.css">
</head>
<body>
<div id="root"></div>
<script type="module" src="/page/app.js"></script>
</body>
</html>
`
