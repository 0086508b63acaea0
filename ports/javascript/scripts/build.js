/** Builds what is packed beside the sources: types for both kinds of modules, the CommonJS form, and the licences. */

import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const at = (/** @type {string[]} */ ...names) => join(root, ...names);

rmSync(at('dist'), { recursive: true, force: true });
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
execFileSync(process.execPath, [tsc, '--project', at('tsconfig.build.json')], { stdio: 'inherit' });
// Types that stand beside generated code are taken as they are.
copyFileSync(at('src', 'generated.d.ts'), at('dist', 'types', 'generated.d.ts'));

// Within this folder, modules and their types are CommonJS.
mkdirSync(at('dist', 'cjs'));
cpSync(at('dist', 'types'), at('dist', 'cjs'), { recursive: true });
writeFileSync(at('dist', 'cjs', 'package.json'), '{\n  "type": "commonjs"\n}\n');
await build({
  entryPoints: [at('src', 'natsbridge_ssr.js')],
  outfile: at('dist', 'cjs', 'natsbridge_ssr.js'),
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node16',
  logLevel: 'warning',
  banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  define: { 'import.meta.url': 'moduleUrl' },
});

for (const name of ['LICENSE-APACHE', 'LICENSE-MIT']) copyFileSync(at('..', '..', name), at(name));
