// node bin/node24.mjs <file.ts | a dependency's command> [arguments]   runs it on Node 24
// node bin/node24.mjs --link                                           npm's "prepare": see link()
import fs from 'node:fs';
import path from 'node:path';
import { findNode, findSource, launch, ROOT } from './launch.mjs';

const [what, ...rest] = process.argv.slice(2);
if (what === '--link') link();
else if (what) launch(locate(what), rest);
else {
  console.error('usage: node bin/node24.mjs <file.ts | command of a dependency> [arguments]');
  process.exitCode = 2;
}

function locate(name) {
  if (name.startsWith('-') || /\.[cm]?[jt]s$/.test(name)) return name.startsWith('-') ? name : findSource(name);
  const folder = path.join(ROOT, 'node_modules', name);
  const { bin } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
  return path.join(folder, typeof bin === 'string' ? bin : bin[name.split('/').pop()]);
}

/** npm 10 leaves out node_modules/.bin/node when several platform packages share that name. */
function link() {
  const node = findNode();
  const target = path.join(ROOT, 'node_modules', '.bin', 'node');
  if (process.platform === 'win32' || !node || node === process.execPath || fs.existsSync(target)) return;
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.rmSync(target, { force: true });
  fs.symlinkSync(path.relative(path.dirname(target), node), target);
}
