// The whole night on the real thing: sign in, an alert comes and is heard, one key signs for it, a
// unit is sent and its task closes; the line is cut and nothing is lost. No mock anywhere.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { english } from '../browser/english';
import { startDemo, type Demo } from './running';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const ARGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-3d-apis', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SOON = 60_000;

let demo: Demo;
let browser: Browser;
let page: Page;
const foreign: string[] = [];
const complaints: string[] = [];
let asked = 0;

beforeAll(async () => {
  demo = await startDemo(120, '-2h');
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  const context = await browser.newContext({ viewport: { width: 1920, height: 1080 } });
  // What is played is counted at the browser's own oscillators.
  await context.addInitScript(() => {
    const counted = window as unknown as { tones: number };
    counted.tones = 0;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (when?: number) {
      counted.tones += 1;
      start.call(this, when);
    };
  });
  page = await context.newPage();
  page.on('request', (r) => {
    asked += 1;
    if (!r.url().startsWith(demo.line.url) && !/^(data|blob):/.test(r.url())) foreign.push(r.url());
  });
  page.on('pageerror', (e) => complaints.push(e.message));
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await demo?.close();
}, 60_000);

interface Row {
  id: string;
  hazard: string;
  level: string;
  cleared_ms?: number;
  acknowledged_by?: string;
}

/** An alert that the city's plans have measures for: an outage of data has none, nor has blue. */
const planned = (a: Row): boolean =>
  a.hazard !== 'feed' && ['orange', 'red'].includes(a.level) && a.cleared_ms === undefined;

/** Asks the platform from the page until it answers so. Not `waitForFunction`: that takes any promise for a yes. */
async function answered<T>(path: string, so: (answer: T) => boolean, within: number): Promise<T> {
  const until = performance.now() + within;
  for (;;) {
    const answer = await page.evaluate(async (p) => (await (await fetch(p)).json()) as unknown, path) as T;
    if (so(answer)) return answer;
    if (performance.now() > until) throw new Error(`${path} did not say so within ${within} ms`);
    await page.waitForTimeout(300);
  }
}

describe('the running demonstration', () => {
  it('lets the officer in, and shows and sounds an alert', async () => {
    await page.goto(demo.line.url);
    await page.waitForSelector('form');
    await page.fill('input[autocomplete="username"]', demo.user);
    await page.fill('input[type="password"]', demo.password);
    await page.keyboard.press('Enter');
    // A demonstration is live, at a speed of its own.
    await page.waitForSelector('[data-state="live"]', { timeout: SOON });
    expect((await page.textContent('[data-state="live"] b'))?.replace(/\s/g, ' ')).toBe('实时 ×120');
    expect(await page.$('.band.striped')).toBeNull();
    await page.waitForSelector('[data-alert]', { timeout: SOON });
    // The first gesture lets the browser play; a red or orange alert must then be heard.
    await page.mouse.click(900, 500);
    await page.waitForFunction(() => (window as unknown as { tones: number }).tones > 0, undefined, { timeout: SOON });
  }, 180_000);

  it('signs with one key, opens an incident, starts a plan, sends a unit, and sees the task close', async () => {
    const alerts = await answered<Row[]>('/v1/alerts', (rows) => rows.some(planned), 60_000);
    const id = alerts.find(planned)!.id;
    await page.goto(`${demo.line.url}/?sel=alert:${encodeURIComponent(id)}`);
    await page.waitForSelector('[data-state="live"]');
    await page.waitForSelector('.detail');
    await page.keyboard.press('a');
    await answered<Row[]>('/v1/alerts', (rows) =>
      rows.some((r) => r.id === id && typeof r.acknowledged_by === 'string'), 10_000);
    await page.keyboard.press('e');
    await page.waitForSelector('.upper form input');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.incident', { timeout: 10_000 });
    await page.keyboard.press('p');
    await page.waitForSelector('.task', { timeout: 10_000 });
    await page.keyboard.press('t');
    await page.waitForSelector('.upper form select');
    await page.keyboard.press('Control+Enter');
    await answered<{ state: string }[]>('/v1/tasks', (tasks) =>
      tasks.some((t) => t.state === 'done' || t.state === 'refused'), 150_000);
  }, 240_000);

  it('refuses the frames of a gauge whose clock is a day ahead, and shows it', async () => {
    await answered<{ agency: string; quarantined: number }[]>('/v1/feeds', (feeds) =>
      feeds.some((f) => f.agency === 'weather' && f.quarantined > 0), 120_000);
    const refused = await answered<{ raw_base64: string }[]>('/v1/rejections?reason=future_dated&limit=200', (all) => all.length > 0, 10_000);
    const raw = refused.map((r) => Buffer.from(r.raw_base64, 'base64').toString());
    // Nobody else is dated ahead, however fast the clock goes.
    expect(raw.filter((r) => !r.includes('JM-0020'))).toEqual([]);
  }, 130_000);

  it('is Chinese on a Chinese screen: the board, why, an incident, the feeds and what they were refused', async () => {
    expect(await english(page)).toEqual([]);
    for (const tab of [1, 2, 3]) {
      await page.click(`.lower [role=tab]:nth-child(${tab})`);
      expect(await english(page), `tab ${tab}`).toEqual([]);
    }
    const alerts = await answered<Row[]>('/v1/alerts', (rows) => rows.length > 0, 10_000);
    for (const [hazard, id] of new Map(alerts.map((a) => [a.hazard, a.id]))) {
      await page.goto(`${demo.line.url}/?sel=alert:${encodeURIComponent(id)}`);
      await page.waitForSelector('.detail');
      await page.keyboard.press('w');
      await page.waitForSelector('.why .rule');
      expect(await english(page), hazard).toEqual([]);
    }
    await page.goto(`${demo.line.url}/feeds?agency=weather&part=letters`);
    await page.waitForSelector('[data-letter]');
    await page.click('[data-letter]');
    expect(await english(page)).toEqual([]);
    expect(await page.innerText('main')).toMatch(/时间超前\s+.*\s+超前 \d+ (天|小时)/);
    await page.goto(demo.line.url);
    await page.waitForSelector('[data-state="live"]');
  }, 120_000);

  it('asks for no more than it shows', async () => {
    const before = asked;
    await page.waitForTimeout(5_000);
    // A few series again and again as their time goes on, and nothing as fast as it is answered.
    expect(asked - before).toBeLessThan(40);
  }, 10_000);

  it("asks for a gauge's day by the platform's clock, hours from this machine's, from the first time on", async () => {
    const asking = page.waitForRequest((r) => r.url().includes('/v1/stations/JM-0201/series'));
    await page.goto(`${demo.line.url}/?sel=station:JM-0201`);
    const to = Number(new URL((await asking).url()).searchParams.get('to'));
    const { now_ms: now } = await page.evaluate(async () => (await (await fetch('/v1/clock')).json()) as { now_ms: number });
    // Some seconds of loading are half an hour of this clock.
    expect(Math.abs(now - to)).toBeLessThan(45 * 60_000);
    expect(Math.abs(now - Date.now())).toBeGreaterThan(60 * 60_000);
    await page.goto(demo.line.url);
    await page.waitForSelector('[data-state="live"]');
  }, 60_000);

  it('is cut off and comes back with all that happened', async () => {
    demo.line.drop();
    await page.waitForSelector('.band.lost', { timeout: 5_000 });
    const shown = await page.textContent('.seq');
    demo.line.cut = false;
    await page.waitForSelector('[data-state="live"]', { timeout: 20_000 });
    await page.waitForFunction((before) => document.querySelector('.seq')?.textContent !== before, shown, { timeout: SOON });
    expect(await page.$('.band.lost')).toBeNull();
  }, 120_000);

  it('has no accessibility violation, no foreign request, no error', async () => {
    const client = await page.context().newCDPSession(page);
    await client.send('Runtime.evaluate', { expression: AXE });
    const found = await page.evaluate(async () => {
      const axe = (window as unknown as { axe: { run(o: object): Promise<{ violations: { id: string; nodes: unknown[] }[] }> } }).axe;
      const { violations } = await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] });
      return violations.map((v) => `${v.id} ×${v.nodes.length}`);
    });
    expect(found).toEqual([]);
    expect(foreign).toEqual([]);
    expect(complaints).toEqual([]);
  }, 120_000);
});
