// What every officer must be able to see and hear: contrast, names, both languages, both palettes,
// nothing fetched from elsewhere, and sound.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { drawn } from '../mock/drawn';
import { makeAlert } from '../mock/situation';
import { closeBrowser, openBrowser, takeSeat, until, type Seat, type SeatOptions } from './seat';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let seat: Seat;
beforeAll(openBrowser);
afterAll(closeBrowser);
afterEach(() => seat.close());

/** axe over the debugging protocol: the page keeps its policy. */
async function violations(s: Seat): Promise<string[]> {
  const cdp = await s.context.newCDPSession(s.page);
  await cdp.send('Runtime.evaluate', { expression: AXE });
  const run = "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then((r) => JSON.stringify(r.violations.map((v) => v.id + ': ' + v.nodes.slice(0, 3).map((n) => n.target.join(' ') + ' ' + (n.any[0]?.message ?? '')).join(' | '))))";
  const { result } = await cdp.send('Runtime.evaluate', { expression: run, awaitPromise: true, returnByValue: true });
  return JSON.parse(String(result.value)) as string[];
}

const LOOKS: [string, SeatOptions][] = [
  ['by day, in Chinese', {}], ['by night, in Chinese', { night: true }],
  ['by day, in English', { language: 'en' }], ['by night, in English, small', { night: true, language: 'en', size: { width: 1366, height: 768 } }],
];

describe.each(LOOKS)('%s', (_name, options) => {
  it('the board breaks no rule of WCAG 2.2 AA and no policy', async () => {
    seat = await takeSeat(options);
    await seat.page.keyboard.press('j');
    await seat.page.waitForSelector('.uplot');
    expect(await violations(seat)).toEqual([]);
    await seat.page.click('.lower [role=tab]:nth-child(2)');
    await seat.page.keyboard.press('l');
    expect(await violations(seat)).toEqual([]);
    expect(seat.complaints).toEqual([]);
    expect(seat.foreign).toEqual([]);
  });

  it('forms, help, why, feeds and incident do not either', async () => {
    seat = await takeSeat(options);
    const { page } = seat;
    for (const keys of [['j', 'j', 'j', 's'], ['Escape', 'w'], ['Escape', 'e'], ['Escape', '?'], ['Escape', 'f']]) {
      for (const key of keys) await page.keyboard.press(key);
      expect(await violations(seat), keys.join(' ')).toEqual([]);
    }
    await page.goto(`${seat.platform.url}/?sel=incident:I-20260911-1`);
    await page.waitForSelector('.task');
    expect(await violations(seat)).toEqual([]);
    expect(seat.complaints).toEqual([]);
  }, 90_000);
});

describe.each(LOOKS)('%s', (_name, options) => {
  it('a hospital, the reports and one of them, with who answers for it, break no rule either', async () => {
    seat = await takeSeat(options);
    const { page, platform } = seat;
    platform.picture.situations = drawn();
    platform.push(drawn().map((row) => ({ kind: 'situation' as const, row })));
    const hospital = platform.picture.hospitals[0]!;
    await page.click('.lower [role=tab]:nth-child(3)');
    await page.click(`.beds button:has-text("${options.language === 'en' ? hospital.name_en.replace(/ \(fictional\)/, '') : hospital.name.replace('(虚构)', '')}")`);
    await page.waitForSelector('article.place');
    expect(await violations(seat), 'hospital').toEqual([]);
    await page.click(`.lower [role=tab]:has-text("${options.language === 'en' ? 'Reports' : '来报'}")`);
    await page.waitForSelector('button.row:has-text("后山滑坡点")');
    expect(await violations(seat), 'reports').toEqual([]);
    await page.click('button.row:has-text("后山滑坡点")');
    await page.waitForSelector('article:has-text("0750-0000000")');
    expect(await violations(seat), 'report').toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    if (process.env['SHOTS'] !== undefined) await page.screenshot({ path: `${process.env['SHOTS']}/report-${options.language ?? 'zh'}-${options.night === true ? 'night' : 'day'}.png` });
    expect([seat.complaints, seat.foreign]).toEqual([[], []]);
  }, 60_000);
});

describe('nothing is cut off', () => {
  it.each([['zh', 1920, 1080], ['en', 1920, 1080], ['zh', 1366, 768], ['en', 1366, 768]] as const)('%s at %i×%i', async (language, width, height) => {
    seat = await takeSeat({ language, size: { width, height } });
    await seat.page.keyboard.press('j');
    await seat.page.waitForSelector('.uplot');
    const cut = await seat.page.evaluate(() => {
      const out: string[] = [];
      if (document.documentElement.scrollWidth > innerWidth || document.documentElement.scrollHeight > innerHeight) out.push('the page scrolls');
      for (const e of document.querySelectorAll('header .counts, header .tools, header .seat, .tabs .plain, .tabs .tab, .acts .act, .tag')) {
        if (e.scrollWidth > e.clientWidth + 1) out.push(`${e.className}: ${e.textContent}`);
      }
      const clock = document.querySelector('.clock')!.getBoundingClientRect();
      if (clock.right > innerWidth) out.push('the clock');
      return out;
    });
    expect(cut).toEqual([]);
  });

  it('and no Chinese of the console\'s own is left in English', async () => {
    seat = await takeSeat({ language: 'en' });
    await seat.page.keyboard.press('j');
    await seat.page.waitForSelector('.uplot');
    // Texts of the platform (tasks, official signals, sources, persons) stay in their own language.
    const left = await seat.page.evaluate(() => {
      const own = document.querySelectorAll('header h1, .counts, .rate, .link, .tabs, .sift, .row .fact, .row .place, .legend, .detail .acts, .meets, dt, .strip li, footer, .task ol');
      return [...own].map((e) => e.textContent ?? '').filter((text) => /[\u3400-\u9fff]/.test(text));
    });
    expect(left).toEqual([]);
  });
});

describe('sound', () => {
  const listen = (s: Seat) => s.page.evaluate(() => (window as unknown as { heard: number[] }).heard);

  it('is heard for red until it is signed for, is muted for two minutes at most, and falls when the line is lost', async () => {
    seat = await takeSeat({ signedIn: true });
    const { page, platform } = seat;
    await page.addInitScript(() => {
      const heard: number[] = [];
      Object.assign(window, { heard });
      const start = OscillatorNode.prototype.start;
      OscillatorNode.prototype.start = function (this: OscillatorNode, when?: number) {
        heard.push(1);
        start.call(this, when);
      };
    });
    platform.picture = { ...platform.picture, alerts: [] };
    await page.reload();
    await page.waitForSelector('[data-state="live"]');
    expect(await listen(seat)).toEqual([]);
    // A gesture, which a browser wants that does not know the page; one that does plays at once.
    if (await page.$('[data-sound].silent') !== null) await page.click('[data-sound]');
    await until(page, () => document.querySelector('header .tools button')?.textContent === '声音 开', null);
    const station = platform.city.view.stations.find((s) => s.datastreams.some((d) => d.property === 'rainfall'))!;
    const alert = makeAlert(platform.city, station, 'rainfall', 'rainfall', 'red', Date.now(), Date.now())!;
    const before = (await listen(seat)).length;
    platform.push([{ kind: 'alert', row: alert }]);
    await until(page, (n) => (window as unknown as { heard: number[] }).heard.length === n, before + 3);
    await page.keyboard.press('j');
    await page.keyboard.press('a');
    await page.waitForSelector('.mark');
    await page.keyboard.press('m');
    await until(page, () => /静音 1(20|1\d)s/.test(document.querySelector('header .tools button')?.textContent ?? ''), null);
    await page.keyboard.press('m');
    const quiet = (await listen(seat)).length;
    platform.closed = true;
    platform.drop();
    await until(page, (n) => (window as unknown as { heard: number[] }).heard.length > n, quiet);
  });
});

describe('the weight', () => {
  it('of the scripts is under 250 kB on the wire', async () => {
    const { gzipSync } = await import('node:zlib');
    const { readdirSync } = await import('node:fs');
    const assets = new URL('../../dist/assets/', import.meta.url);
    const scripts = readdirSync(assets).filter((f) => f.endsWith('.js'));
    const bytes = scripts.reduce((n, f) => n + gzipSync(readFileSync(new URL(f, assets))).length, 0);
    expect(scripts.length).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(250_000);
    seat = await takeSeat();
  });
});
