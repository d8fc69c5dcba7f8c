// The feeds' screen: reached by a key and an address, read by everybody, worked on by whose it is.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { english } from './english';
import { closeBrowser, openBrowser, takeSeat, until, type Seat, type SeatOptions } from './seat';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let seat: Seat;
beforeAll(openBrowser);
afterAll(closeBrowser);
afterEach(() => seat.close());

async function violations(s: Seat): Promise<string[]> {
  const cdp = await s.context.newCDPSession(s.page);
  await cdp.send('Runtime.evaluate', { expression: AXE });
  const run = "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then((r) => JSON.stringify(r.violations.map((v) => v.id + ': ' + v.nodes.slice(0, 3).map((n) => n.target.join(' ') + ' ' + (n.any[0]?.message ?? '')).join(' | '))))";
  const { result } = await cdp.send('Runtime.evaluate', { expression: run, awaitPromise: true });
  return JSON.parse(String(result.value)) as string[];
}
const PARTS = ['streams', 'letters', 'keys', 'start', 'record'];

describe('the feeds\' screen', () => {
  it('is reached by F and by its address, with what was chosen in it', async () => {
    seat = await takeSeat({ role: 'administrator' });
    const { page } = seat;
    await page.keyboard.press('f');
    await page.waitForSelector('tr[data-feed]');
    await page.click('tr[data-feed="hydrology/mqtt"] .name');
    await page.click('[data-part="letters"]');
    await until(page, () => location.pathname + location.search === '/feeds?agency=hydrology&feed=mqtt&part=letters', null);
    await page.reload();
    await page.waitForSelector('[data-letter]');
    await page.keyboard.press('Escape');
    await page.waitForSelector('[data-alert]');
  });

  it('mends a letter and shows at once what became of it', async () => {
    seat = await takeSeat({ role: 'administrator', path: '/feeds?agency=hydrology&part=letters' });
    const { page } = seat;
    await page.click('[data-letter]');
    await page.click('[data-replay]');
    await page.waitForSelector('[data-outcome="open"]');
    await page.fill('[data-editor]', '{"station":"JM-0204","property":"water_level","t":1781118300000,"v":3.2}');
    await page.click('[data-replay]');
    await page.waitForSelector('[data-outcome="replayed"]');
    expect(await page.$('[data-editor]')).toBeNull();
  });

  it('tries a letter without sending it, and forgets what it foretold once the bytes are others', async () => {
    seat = await takeSeat({ role: 'administrator', path: '/feeds?agency=hydrology&part=letters' });
    const { page } = seat;
    await page.click('[data-letter]');
    await page.click('[data-try]');
    // As it was it would be refused again, with the reason and what to do; the letter stays as it is.
    const refused = await page.waitForSelector('[data-would]');
    expect(await refused.getAttribute('data-would')).not.toBe('accepted');
    expect(await page.textContent('[data-would]')).toContain('将接收 0');
    await page.fill('[data-editor]', '{"station":"JM-0204","property":"water_level","t":1781118300000,"v":3.2}');
    expect(await page.$('[data-would]')).toBeNull();
    await page.click('[data-try]');
    await page.waitForSelector('[data-would="accepted"]');
    expect(await page.textContent('[data-would]')).toContain('没有发送');
    expect(await page.$('[data-outcome]')).toBeNull();
    // Then in earnest.
    await page.click('[data-replay]');
    await page.waitForSelector('[data-outcome="replayed"]');
    expect(await page.$('[data-would]')).toBeNull();
  });

  it('gives an officer everything to read and nothing to send', async () => {
    seat = await takeSeat({ role: 'officer', path: '/feeds?agency=hydrology&part=letters' });
    await seat.page.click('[data-letter]');
    await seat.page.waitForSelector('.one pre');
    expect(await seat.page.$('[data-replay]')).toBeNull();
    expect(await seat.page.$('[data-part="keys"]')).toBeNull();
  });

  it('is all that a feed\'s own person sees: their agency, no duty list, no live socket', async () => {
    seat = await takeSeat({ role: 'agency', signedIn: false });
    const { page, platform } = seat;
    await page.fill('input[name="user"]', 'li');
    await page.fill('input[name="password"]', 'correct horse battery');
    await page.keyboard.press('Enter');
    await page.waitForSelector('tr[data-feed]');
    expect(await page.$$eval('tr[data-feed]', (rows) => rows.map((r) => (r as HTMLElement).dataset['feed']))).toEqual(['drainage/mqtt']);
    for (const key of ['f', 'Escape', 'j']) await page.keyboard.press(key);
    expect(await page.$('[data-alert]')).toBeNull();
    expect(platform.connections).toBe(0);
    // A credential, the commands with it, and a test of what is on the page.
    await page.click('[data-part="keys"]');
    await page.click('[data-issue]');
    const secret = await page.textContent('[data-secret]');
    await page.click('[data-part="start"]');
    expect(await page.textContent('[data-command="start.send"]')).toContain(`Bearer ${secret}`);
    await page.click('[data-test]');
    await page.waitForSelector('[data-foreseen="accepted"]');
    await page.fill('[data-value]', '5000');
    await page.click('[data-test]');
    await page.waitForSelector('[data-foreseen="out_of_range"]');
    // Nobody is signed in at first: that alone is complained of.
    expect(seat.complaints.filter((c) => !c.includes('401'))).toEqual([]);
  });

  it('keeps one red rain on top and heard in a storm of five hundred alerts about feeds', async () => {
    seat = await takeSeat();
    const { page, platform, context } = seat;
    await context.addInitScript(() => {
      const counted = window as unknown as { tones: number };
      counted.tones = 0;
      const start = OscillatorNode.prototype.start;
      OscillatorNode.prototype.start = function (when?: number) {
        counted.tones += 1;
        start.call(this, when);
      };
    });
    const alerts = platform.picture.alerts;
    const feed = alerts.find((a) => a.hazard === 'feed')!;
    const rain = { ...alerts.find((a) => a.hazard !== 'feed' && a.level === 'red')!, id: `rainfall@JM-0001@${Date.now()}`, acknowledged_ms: null, acknowledged_by: null, cleared_ms: null, shelved_until_ms: null, incident: null };
    // Nothing but the one rain and the storm; a feed's alert of a red level is a feed's all the same.
    const stations = platform.city.view.stations;
    const storm = Array.from({ length: 500 }, (_, n) => ({ s: stations[n % stations.length]!, n })).map(({ s, n }) => ({
      ...feed, id: `feed@${s.id}@${n}`, place: s.id, place_name: s.name, place_name_en: s.name_en, district: s.district ?? null, level: n % 10 === 0 ? 'red' : feed.level, acknowledged_ms: null, cleared_ms: null, shelved_until_ms: null, raised_ms: feed.raised_ms - n,
    }));
    platform.picture.alerts = [...storm, rain];
    await page.reload();
    await page.waitForSelector('[data-alert]');
    expect(await page.$eval('[data-alert], .group', (e) => (e as HTMLElement).dataset['alert'])).toBe(rain.id);
    expect(await page.$('.rate.flood')).toBeNull();
    // Five hundred rows are a few lines below it.
    expect(await page.$$eval('#alerts > *', (all) => all.length)).toBeLessThan(40);
    await page.mouse.click(900, 500);
    await until(page, () => (window as unknown as { tones: number }).tones > 0, null, 15_000);
    // Once it is signed for nothing sounds, however many feeds are silent.
    platform.push([{ kind: 'alert', row: { ...rain, acknowledged_ms: Date.now(), acknowledged_by: '王建国' } }]);
    await until(page, (id) => document.querySelector('[data-alert]')?.getAttribute('data-alert') !== id, rain.id);
    const heard = await page.evaluate(() => (window as unknown as { tones: number }).tones);
    await page.waitForTimeout(11_000);
    expect(await page.evaluate(() => (window as unknown as { tones: number }).tones)).toBe(heard);
  }, 60_000);

  it('never lets silent feeds turn the list of hazards over', async () => {
    seat = await takeSeat();
    const { page, platform } = seat;
    const before = await page.$$eval('[data-alert]', (rows) => rows.length);
    const now = Date.now();
    const hazards = platform.picture.alerts.filter((a) => a.hazard !== 'feed' && a.acknowledged_ms == null && a.shelved_until_ms == null);
    const like = platform.picture.alerts.find((a) => a.hazard === 'feed')!;
    const quiet = platform.city.view.stations.slice(0, 120).map((s) => ({
      kind: 'alert' as const, row: { ...like, id: `feed@${s.id}@${now}`, place: s.id, place_name: s.name, place_name_en: s.name_en, district: s.district ?? null, raised_ms: now, changed_ms: now },
    }));
    platform.push(quiet);
    await until(page, (n) => document.querySelectorAll('[data-alert], .group').length > n || document.querySelector('.chip') !== null, before);
    expect(await page.$('.rate.flood')).toBeNull();
    const shown = await page.$$eval('[data-alert]', (rows) => rows.map((r) => (r as HTMLElement).dataset['alert'] ?? ''));
    const first = shown.slice(0, hazards.length);
    expect(first.filter((id) => id.startsWith('feed@'))).toEqual([]);
  });
});

describe.each([
  [{ language: 'zh', size: { width: 1920, height: 1080 } }],
  [{ language: 'en', night: true, size: { width: 1366, height: 768 } }],
] as [SeatOptions][])('every part of it with %o', (options) => {
  it('is readable, cut off nowhere, and in one language', async () => {
    seat = await takeSeat({ ...options, role: 'administrator', path: '/feeds?agency=drainage' });
    const { page } = seat;
    await page.waitForSelector('tr[data-feed]');
    for (const part of PARTS) {
      await page.click(`[data-part="${part}"]`);
      if (part === 'letters') {
        await page.click('[data-letter]');
        await page.click('[data-try]');
        await page.waitForSelector('[data-would]');
      }
      await page.waitForTimeout(300);
      expect(await violations(seat), part).toEqual([]);
      const cut = await page.evaluate(() => {
        const out: string[] = [];
        if (document.documentElement.scrollWidth > innerWidth || document.documentElement.scrollHeight > innerHeight) out.push('the page scrolls');
        for (const e of document.querySelectorAll('.scroll, .part, .side')) if (e.scrollWidth > e.clientWidth + 1) out.push(`${e.className} ${e.scrollWidth} > ${e.clientWidth}`);
        return out;
      });
      expect(cut, part).toEqual([]);
      if (options.language === 'zh') expect(await english(page), part).toEqual([]);
    }
    expect(seat.complaints).toEqual([]);
    expect(seat.foreign).toEqual([]);
  }, 60_000);
});
