// npm run build: dist/ holds what an installed package runs. Programs are compiled, and every other file
// stays where it is beside them (migrations, pages, strategies), so paths relative to a module still hold.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { ROOT } from './launch.mjs';

const FOLDERS = ['actors', 'config', 'drizzle', 'persistence'];
const dist = path.join(ROOT, 'dist');

fs.rmSync(dist, { recursive: true, force: true });
const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc');
const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: ROOT, stdio: 'inherit' });
for (const folder of FOLDERS) {
  fs.cpSync(path.join(ROOT, folder), path.join(dist, folder), {
    recursive: true,
    filter: (file) => !file.endsWith('.ts'),
  });
}
process.exitCode = status ?? 1;
