// Bundles the page into coordinator/dist/page.html, one file that needs nothing else; the coordinator puts a report into it.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = join(import.meta.dirname, '..');

/** The scripts of the page and of its libraries in one. */
async function bundled() {
  const { output } = await build({
    root,
    configFile: false,
    logLevel: 'warn',
    resolve: { conditions: ['gatepost-source', 'module', 'browser', 'default'] },
    build: {
      write: false,
      target: 'es2023',
      modulePreload: false,
      rollupOptions: { input: join(root, 'src/main.tsx'), output: { format: 'iife' } },
    },
  });
  const scripts = output.filter(({ type }) => type === 'chunk');
  if (scripts.length !== 1 || output.length !== 1)
    throw new Error(`one script was expected, not ${output.length} files`);
  // Nothing within a script may look like its end.
  return scripts[0].code.trim().replaceAll('</script', '<\\/script');
}

/** The licences of the libraries in it, which ask to be passed on. */
function notices() {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return ['preact', '@dagrejs/dagre', '@dagrejs/graphlib']
    .map((name) => `${name} ${devDependencies[name] ?? ''}\n${readFileSync(licenceOf(name), 'utf8').trim()}`)
    .join('\n\n')
    .replaceAll('--', '- -');
}

const licenceOf = (name) => join(root, '../node_modules', name, 'LICENSE');

const sourceOf = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** The whole page, with nothing in it yet. */
export async function bundlePage() {
  const script = await bundled();
  const style = readFileSync(join(root, 'src/style.css'), 'utf8');
  const policy = [
    "default-src 'none'",
    `script-src ${sourceOf(script)}`,
    `style-src ${sourceOf(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>Gatepost report</title>
<style>${style}</style>
</head>
<body>
<div id="page"></div>
<noscript>This page needs JavaScript; coordinator report --json tells the same.</noscript>
<script type="application/json" id="report">null</script>
<script>${script}</script>
</body>
<!--
${notices()}
-->
</html>
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = join(root, '../coordinator/dist/page.html');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, await bundlePage());
}
