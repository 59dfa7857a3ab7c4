import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import { isToken, loadOrCreateToken } from '../../actors/control/token.ts';

function folder(t: { teardown(fn: () => void): void }): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'token-'));
  t.teardown(() => fs.rmSync(made, { recursive: true, force: true }));
  return made;
}

test('makes a token of 32 random bytes that only its owner can read, and keeps it', async (t) => {
  const file = path.join(folder(t), 'deep/down/token');
  const token = await loadOrCreateToken(file);
  t.is(Buffer.from(token, 'base64url').length, 32);
  t.true(isToken(token));
  t.is(fs.statSync(file).mode & 0o777, 0o600);
  t.is(await loadOrCreateToken(file), token);
  t.deepEqual(fs.readdirSync(path.dirname(file)), ['token'], 'nothing is left beside it');
});

test('many that start at once agree on one token', async (t) => {
  for (let round = 0; round < 20; round += 1) {
    const file = path.join(folder(t), 'token');
    const tokens = await Promise.all(Array.from({ length: 16 }, () => loadOrCreateToken(file)));
    t.is(new Set(tokens).size, 1);
    t.deepEqual(fs.readdirSync(path.dirname(file)), ['token']);
  }
});

test('makes another token for another file', async (t) => {
  const home = folder(t);
  t.not(await loadOrCreateToken(path.join(home, 'a')), await loadOrCreateToken(path.join(home, 'b')));
});

for (const mode of [0o644, 0o640, 0o604, 0o660, 0o602]) {
  test(`refuses a token that others may touch (mode ${mode.toString(8)}) and says what to do`, async (t) => {
    const file = path.join(folder(t), 'token');
    const token = await loadOrCreateToken(file);
    fs.chmodSync(file, mode);
    const error = await t.throwsAsync(loadOrCreateToken(file), { name: 'TokenFault', message: /chmod 600/ });
    t.true(error?.message.includes(file));
    t.false(error?.message.includes(token));
    t.is(fs.statSync(file).mode & 0o777, mode, 'and leaves it as it is');
  });
}

test('refuses a file that holds no token, without showing what it holds', async (t) => {
  const file = path.join(folder(t), 'token');
  for (const content of ['', 'short', 'with a space in the middle of forty characters']) {
    fs.writeFileSync(file, content, { mode: 0o600 });
    const error = await t.throwsAsync(loadOrCreateToken(file), {
      name: 'TokenFault',
      message: /does not hold a token/,
    });
    t.true(content === '' || !error?.message.includes(content));
  }
});

test('refuses a symbolic link and a folder in its place', async (t) => {
  const home = folder(t);
  await loadOrCreateToken(path.join(home, 'real'));
  fs.symlinkSync(path.join(home, 'real'), path.join(home, 'link'));
  await t.throwsAsync(loadOrCreateToken(path.join(home, 'link')), { name: 'TokenFault', message: /symbolic link/ });
  fs.mkdirSync(path.join(home, 'folder'));
  await t.throwsAsync(loadOrCreateToken(path.join(home, 'folder')), {
    name: 'TokenFault',
    message: /not a regular file/,
  });
});

test('says which file cannot be made', async (t) => {
  const home = folder(t);
  fs.writeFileSync(path.join(home, 'file'), '');
  const file = path.join(home, 'file/token');
  const error = await t.throwsAsync(loadOrCreateToken(file), { name: 'TokenFault' });
  t.true(error?.message.includes(file));
});
