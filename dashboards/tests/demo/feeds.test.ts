// A new agency on the real platform, from its credential to its first accepted observation with only
// what the page shows; then a refusal found, mended and sent again. Nothing is mocked, and nothing is
// known here but what stands on the screen.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const BIN = process.env['FENGHUO_BIN'] ?? join(ROOT, 'target/debug');
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const PASSWORD = 'correct horse battery';
const SOON = 60_000;
const run = promisify(execFile);

let folder: string;
let platform: ChildProcess;
let browser: Browser;
let url = '';

/** Everything the platform says until it serves. */
function serving(child: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    let text = '';
    child.once('exit', (code) => fail(new Error(`ended with ${code}: ${text}`)));
    child.stdout!.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      if (/^ready .*\n/m.test(text)) done(text);
    });
  });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fenghuo-feeds-'));
  const [city, data] = [join(folder, 'city'), join(folder, 'data')];
  await run(join(BIN, 'fenghuo'), ['init', city]);
  platform = spawn(join(BIN, 'fenghuo'), [
    'serve', '--city', city, '--data', data, '--http', '127.0.0.1:0', '--mqtt', '127.0.0.1:0', '--console', join(ROOT, 'dashboards/dist'),
  ], { stdio: ['ignore', 'pipe', 'ignore'] });
  const said = await serving(platform);
  url = /http=(\S+)/.exec(said)?.[1] ?? '';
  const code = /setup\?code=(\S+)/.exec(said)?.[1] ?? '';
  await fetch(`${url}/v1/setup`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ code, user: 'admin', password: PASSWORD }) });
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-3d-apis', '--no-first-run', '--disable-background-networking'] });
}, 120_000);

afterAll(async () => {
  await browser?.close();
  if (platform !== undefined && platform.exitCode === null) {
    const over = new Promise((done) => platform.once('exit', done));
    platform.kill('SIGTERM');
    await over;
  }
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** Signs in by the page. */
async function seat(user: string): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1366, height: 768 } })).newPage();
  await page.goto(`${url}/feeds`);
  await page.fill('input[name="user"]', user);
  await page.fill('input[type="password"]', PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForSelector('tr[data-feed]', { timeout: SOON });
  return page;
}
/** Runs a command of the page as it stands. */
async function asShown(page: Page, label: string): Promise<string> {
  const command = await page.textContent(`[data-command="${label}"]`);
  const { stdout } = await run('sh', ['-c', command ?? 'false'], { timeout: 20_000 });
  return stdout;
}

describe('an agency of the city', () => {
  it('goes from its credential to its first accepted observation with only what the page shows', async () => {
    const page = await seat('admin');
    await page.click('tr[data-feed] .name');
    await page.click('[data-part="keys"]');
    await page.click('[data-issue]');
    await page.waitForSelector('[data-secret]');
    await page.click('[data-part="start"]');
    await page.waitForSelector('[data-accepted="0"]');
    // First a test, which leaves nothing behind.
    await page.click('[data-test]');
    await page.waitForSelector('[data-foreseen="accepted"]', { timeout: SOON });
    await page.waitForTimeout(5_000);
    expect(await page.$('[data-accepted="0"]')).not.toBeNull();
    // Then in earnest.
    expect(JSON.parse(await asShown(page, 'start.send'))).toEqual({ accepted: 1, duplicate: 0, rejected: [] });
    await page.waitForSelector('[data-accepted="1"]', { timeout: SOON });
    // The same by the other protocols of the page.
    const tabs = await page.$$('.side .tabs [role=tab]:not([data-part])');
    expect(tabs.length).toBeGreaterThanOrEqual(3);
    await tabs[1]!.click();
    expect(JSON.parse(await asShown(page, 'start.many'))).toMatchObject({ rejected: [] });
    await tabs[2]!.click();
    await page.fill('[data-value]', '2.5');
    await asShown(page, 'start.send');
    await page.waitForFunction(() => Number((document.querySelector('[data-accepted]') as HTMLElement).dataset['accepted']) >= 3, undefined, { timeout: SOON });
    await page.context().close();
  }, 180_000);

  it('finds a refusal, mends it, and sends it again', async () => {
    const page = await seat('admin');
    await page.click('tr[data-feed] .name');
    // A gateway with a station nobody has registered.
    await page.click('[data-part="keys"]');
    await page.click('[data-issue]');
    await page.waitForSelector('[data-secret]');
    await page.click('[data-part="start"]');
    await page.waitForSelector('[data-command="start.send"]');
    const command = (await page.textContent('[data-command="start.send"]')) ?? '';
    const station = /"station":"([^"]+)"/.exec(command)?.[1] ?? '';
    const wrong = command.replace(`"station":"${station}"`, '"station":"NOBODY-1"').replace(/"v":[\d.]+/, '"v":3.5');
    const { stdout } = await run('sh', ['-c', wrong]);
    expect(JSON.parse(stdout)).toMatchObject({ accepted: 0, rejected: [{ reason: 'unknown_station' }] });
    await page.click('[data-part="letters"]');
    await page.click('[data-letter]', { timeout: SOON });
    // As it was it is refused again; mended it goes through.
    await page.click('[data-replay]');
    await page.waitForSelector('[data-outcome="open"]', { timeout: SOON });
    const raw = await page.inputValue('[data-editor]');
    expect(raw).toContain('NOBODY-1');
    await page.fill('[data-editor]', raw.replace('NOBODY-1', station));
    await page.click('[data-replay]');
    await page.waitForSelector('[data-outcome="replayed"]', { timeout: SOON });
    expect(await page.textContent('[data-outcome]')).toContain('接收 1');
    await page.reload();
    await page.waitForSelector('.sift');
    await page.waitForTimeout(1_000);
    expect(await page.$('[data-letter]')).toBeNull();
    await page.context().close();
  }, 180_000);
});
