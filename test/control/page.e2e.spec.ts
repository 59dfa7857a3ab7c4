// The page in a real browser, against the real edge and a fake system. Screenshots go to a temporary folder, whose
// name each test logs.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { createControl } from '../../actors/control/index.ts';
import type { Clock } from '../../actors/runtime/ports.ts';
import { fakeInspector } from './fake-inspector.ts';
import { rig, TOKEN } from './support.ts';

const CANDIDATES = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const executablePath = CANDIDATES.find((file) => file !== undefined && fs.existsSync(file));
const withBrowser = executablePath === undefined ? test.skip : test.serial;
const why = executablePath === undefined ? ' (skipped: no chromium here; install it or set CHROMIUM_PATH)' : '';
/** The later ones keep the browser from asking for anything but our page. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const DESKTOP = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const shots = fs.mkdtempSync(path.join(os.tmpdir(), 'meltica-page-'));

const realClock: Clock = {
  now: Date.now,
  after(delayMs, fn) {
    const timer = setTimeout(fn, delayMs);
    return () => clearTimeout(timer);
  },
};

let browser: Browser | undefined;
test.before(async () => {
  if (executablePath !== undefined) browser = await chromium.launch({ executablePath, args: ARGS });
});
test.after.always(() => browser?.close());

interface World {
  readonly page: Page;
  readonly url: string;
  readonly inspector: ReturnType<typeof fakeInspector>;
  /** What the browser complained about, and whom it asked besides us. */
  readonly complaints: string[];
  shot(name: string): Promise<void>;
}

async function open(
  t: { teardown(fn: () => Promise<unknown>): void; log(text: string): void },
  options: BrowserContextOptions,
): Promise<World> {
  const inspector = fakeInspector();
  const control = createControl({ ...rig(), inspector, clock: realClock });
  const url = await control.listen('127.0.0.1:0');
  const context = await (browser as Browser).newContext(options);
  t.teardown(async () => {
    await context.close();
    await control.close();
  });
  for (const key of ['bus/main', 'provider/paper', 'risk/paper', 'strategy/mm-1', 'supervisor/main'] as const) {
    inspector.move(key, '@init', 'running');
  }
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`) && !request.url().startsWith('data:')) complaints.push(request.url());
  });
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(`${url}/?token=${TOKEN}`);
  await page.locator('#rows tr').first().waitFor();
  const shot = async (name: string) => {
    await page.screenshot({ path: path.join(shots, `${name}.png`) });
    t.log(path.join(shots, `${name}.png`));
  };
  return { page, url, inspector, complaints, shot };
}

/** As text: the project's types know no browser. */
const LONGEST_FRAME = `(async () => {
  let longest = 0;
  let last = performance.now();
  for (const end = last + 4000; last < end; ) {
    await new Promise(requestAnimationFrame);
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }
  return longest;
})()`;

async function countIs(rows: Locator, count: number): Promise<void> {
  while ((await rows.count()) !== count) await rows.page().waitForTimeout(20);
}

const row = (page: Page, key: string) => page.locator(`#rows tr[data-key="${key}"]`);

withBrowser(`rows appear, live, and nothing is fetched from elsewhere${why}`, async (t) => {
  const { page, url, inspector, complaints, shot } = await open(t, DESKTOP);
  t.is(page.url(), `${url}/`, 'the token is gone from the address');
  t.is(await page.locator('#rows tr').count(), 5);
  await page.getByText('running', { exact: true }).first().waitFor();
  inspector.move('order/mm-1-000001', '@init', 'life.reserving cancel.none');
  const order = row(page, 'order/mm-1-000001');
  await order.getByText('life.reserving').waitFor();
  inspector.move('order/mm-1-000001', 'SubmitAcked', 'life.working cancel.none');
  await order.getByText('life.working').waitFor();
  await order.getByText('SubmitAcked').waitFor();
  t.is(await order.locator('td').nth(3).textContent(), '2');
  await shot('desktop');
  t.deepEqual(complaints, []);
});

withBrowser(`an actor whose work is over is told from the living, and then leaves${why}`, async (t) => {
  const { page, inspector } = await open(t, DESKTOP);
  inspector.move('order/a', '@init', 'filled');
  await row(page, 'order/a').waitFor();
  inspector.finish('order/a');
  await page.locator('#rows tr.over[data-key="order/a"]').waitFor();
  t.is(await page.locator('#kinds button', { hasText: 'order' }).count(), 0);
});

withBrowser(`an actor born while a list is on its way is not taken for gone${why}`, async (t) => {
  const { page, inspector } = await open(t, DESKTOP);
  inspector.move('order/a', '@init', 'working');
  let late = 0;
  await page.route('**/debug/actors?kind=order*', async (route) => {
    const response = await route.fetch();
    late += 1;
    inspector.move(`order/late-${late}`, '@init', 'working');
    await row(page, `order/late-${late}`).waitFor();
    await route.fulfill({ response });
  });
  await row(page, 'order/late-1').waitFor();
  await t.throwsAsync(page.locator('#rows tr.over').first().waitFor({ timeout: 1_500 }), { message: /Timeout/ });
});

withBrowser(`a press on a row shows the actor, and the panel follows it${why}`, async (t) => {
  const { page, inspector, complaints, shot } = await open(t, DESKTOP);
  inspector.move('order/odd #/%?id', '@init', 'life.reserving cancel.none', { side: 'Buy' });
  inspector.move('order/odd #/%?id', 'SubmitAcked', 'life.working cancel.none', { order: { status: 'NEW' } });
  await page.locator('#rows tr', { hasText: 'odd' }).click();
  const panel = page.locator('#panel');
  await panel.getByText('ReconcileRequested').waitFor();
  await panel.locator('summary', { hasText: 'SubmitAcked' }).click();
  await panel.getByText('"NEW"').waitFor();
  inspector.move('order/odd #/%?id', 'CancelOrder', 'life.working cancel.requested');
  await panel.locator('summary', { hasText: 'CancelOrder' }).waitFor();
  t.true(await panel.getByText('"NEW"').isVisible(), 'what was unfolded stays unfolded');
  await shot('desktop-detail');
  await page.keyboard.press('Escape');
  await panel.waitFor({ state: 'hidden' });
  t.deepEqual(complaints, []);
});

withBrowser(`ids and messages are shown as text, never as markup${why}`, async (t) => {
  const { page, inspector, complaints } = await open(t, DESKTOP);
  const evil = '<img src=x onerror=document.title=1>';
  inspector.move(`order/${evil}`, evil, evil, { [evil]: evil });
  inspector.letters.push({ id: '1', key: `order/${evil}`, type: evil, reason: 'poison', error: evil, createdAt: 1 });
  await page.locator('#rows tr', { hasText: 'onerror' }).click();
  await page.locator('#panel h2', { hasText: 'onerror' }).waitFor();
  await page.locator('#letters').click();
  await page.locator('#panel .error', { hasText: 'onerror' }).waitFor();
  t.is(await page.locator('img').count(), 0);
  t.is(await page.title(), 'Meltica');
  t.deepEqual(complaints, []);
});

withBrowser(`filters by kind and by words, and can be paused${why}`, async (t) => {
  const { page, inspector } = await open(t, DESKTOP);
  for (let index = 0; index < 20; index += 1) inspector.move(`order/mm-${index}`, '@init', 'working');
  await page.locator('#kinds button', { hasText: 'order' }).click();
  await countIs(page.locator('#rows tr'), 20);
  await page.locator('#search').fill('mm-19');
  await countIs(page.locator('#rows tr'), 1);
  await page.locator('#pause').click();
  inspector.move('order/mm-19', 'Moved', 'elsewhere');
  await page.waitForTimeout(300); // nothing may happen, which cannot be awaited
  t.is(await page.getByText('elsewhere').count(), 0);
  await page.locator('#pause').click();
  await page.getByText('elsewhere').first().waitFor();
});

withBrowser(`hundreds of orders that come and go do not freeze it${why}`, async (t) => {
  const { page, inspector, complaints, shot } = await open(t, DESKTOP);
  let made = 0;
  const flood = setInterval(() => {
    for (let index = 0; index < 40; index += 1) {
      made += 1;
      inspector.move(`order/mm-1-${String(made).padStart(6, '0')}`, '@init', 'life.reserving cancel.none');
      const known = made - Math.floor(index * 10);
      if (known > 0)
        inspector.move(`order/mm-1-${String(known).padStart(6, '0')}`, 'OrderReported', 'life.working cancel.none');
      if (made > 800) inspector.finish(`order/mm-1-${String(made - 800).padStart(6, '0')}`);
    }
  }, 50);
  t.teardown(() => clearInterval(flood)); // else a failure here keeps the whole run from ending
  await countIs(page.locator('#rows tr'), 200);
  const worst = await page.evaluate<number>(LONGEST_FRAME);
  clearInterval(flood);
  await shot('desktop-flood');
  t.log(`longest frame ${Math.round(worst)} ms while ${made} orders came`);
  t.true(worst < 2_000, `a frame took ${worst} ms`);
  t.true(made > 900);
  t.regex(String(await page.locator('#count').textContent()), /^Showing 200 of [\d,]+\+? actors/);
  t.deepEqual(complaints, []);
});

withBrowser(`says when the system is gone, and comes back by itself${why}`, async (t) => {
  const inspector = fakeInspector();
  inspector.move('bus/main', '@init', 'running');
  const options = { ...rig(), inspector, clock: realClock };
  const first = createControl(options);
  const url = await first.listen('127.0.0.1:0');
  const context = await (browser as Browser).newContext(DESKTOP);
  t.teardown(() => context.close());
  const page = await context.newPage();
  await page.goto(`${url}/?token=${TOKEN}`);
  await row(page, 'bus/main').waitFor();
  await first.close();
  await page.locator('#notice').waitFor();
  const second = createControl({ ...options, metrics: rig().metrics });
  t.teardown(() => second.close());
  await second.listen(new URL(url).host);
  await page.locator('#notice').waitFor({ state: 'hidden' });
  inspector.move('order/back', '@init', 'working');
  await row(page, 'order/back').waitFor();
  t.is(await page.locator('#phase').textContent(), 'running');
});

withBrowser(`fits a phone, in the dark${why}`, async (t) => {
  const { page, inspector, complaints, shot } = await open(t, { ...PHONE, colorScheme: 'dark' });
  for (let index = 0; index < 15; index += 1) {
    inspector.move(`order/mm-1-${String(index).padStart(6, '0')}`, '@init', 'life.working cancel.requested');
  }
  await row(page, 'order/mm-1-000014').waitFor();
  const overflow = () => page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  t.is(await overflow(), 0);
  t.true((await page.locator('#rows').boundingBox())?.width === 390);
  await shot('phone');
  await row(page, 'order/mm-1-000014').tap();
  await page.locator('#panel').getByText('ReconcileRequested').waitFor();
  t.is(await overflow(), 0);
  await shot('phone-detail');
  await page.locator('#panel .close').tap();
  await page.locator('#panel').waitFor({ state: 'hidden' });
  t.deepEqual(complaints, []);
});
