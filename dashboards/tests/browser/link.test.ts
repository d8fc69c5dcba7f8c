// The line to the platform fails in every way it can; the console says so at once and mends itself.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { closeBrowser, openBrowser, selectedId, takeSeat, until, type Seat } from './seat';

let seat: Seat;
beforeAll(openBrowser);
afterAll(closeBrowser);
afterEach(async () => {
  expect(seat.foreign).toEqual([]);
  await seat.close();
});

const note = (n: number) => ({ id: `n${n}`, severity: 'warning', detail: `note ${n}`, since_ms: 0 });

describe('the line', () => {
  it('drops: red band at once, map grey, list in colour, commands refused with the reason, then resume', async () => {
    seat = await takeSeat();
    const { page, platform } = seat;
    await page.keyboard.press('j');
    platform.closed = true;
    const began = performance.now();
    platform.drop();
    await page.waitForSelector('.band.lost');
    expect(performance.now() - began).toBeLessThan(1000);
    const looks = await page.evaluate(() => ({
      map: getComputedStyle(document.querySelector('.map .canvas')!).filter,
      list: getComputedStyle(document.querySelector('.list')!).filter,
    }));
    expect(looks.map).toContain('grayscale');
    expect(looks.list).toBe('none');
    await page.keyboard.press('a');
    await until(page, () => document.querySelector('.detail .bad')?.textContent?.includes('连接中断') === true, null);
    expect(platform.commands).toEqual([]);
    // What happens meanwhile is told by the resume, in order.
    platform.push([{ kind: 'notice', row: note(1) }]);
    platform.push([{ kind: 'notice', row: note(2) }]);
    platform.closed = false;
    await page.waitForSelector('[data-state="live"]', { timeout: 20_000 });
    await until(page, () => [...document.querySelectorAll('.band')].some((b) => b.textContent?.trim() === 'n2'), null);
    expect(await page.$('.band.lost')).toBeNull();
    expect(await selectedId(page)).not.toBeNull();
  });

  it('comes back at once when the tab is looked at again', async () => {
    seat = await takeSeat();
    const { page, platform } = seat;
    platform.closed = true;
    platform.drop();
    await page.waitForSelector('.band.lost');
    await page.waitForFunction(() => /第 [4-9] 次/.test(document.querySelector('.band.lost')?.textContent ?? ''), undefined, { timeout: 25_000 });
    platform.closed = false;
    const began = performance.now();
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    await page.waitForSelector('[data-state="live"]');
    expect(performance.now() - began).toBeLessThan(1500);
  });

  it('loses a message: found by the next beat, fetched again, nothing missing', async () => {
    seat = await takeSeat();
    const { page, platform } = seat;
    platform.push([{ kind: 'notice', row: note(7) }], true);
    await until(page, () => [...document.querySelectorAll('.band')].some((b) => b.textContent?.trim() === 'n7'), null, 3000);
    expect(await page.textContent('.seq')).toBe('seq 1');
    expect(await page.textContent('.bands')).toContain('发现缺号');
  });

  it('falls silent while open: late after five seconds, in words', async () => {
    seat = await takeSeat();
    const { page, platform } = seat;
    platform.silent = true;
    await page.waitForSelector('.band.stale', { timeout: 8000 });
    expect(await page.textContent('.band.stale')).toContain('链路迟滞');
    platform.silent = false;
    await page.waitForSelector('[data-state="live"]', { timeout: 5000 });
  });

  it('is met by another epoch after a restart: a fresh snapshot replaces all', async () => {
    seat = await takeSeat();
    const { page, platform } = seat;
    platform.epoch = 'e2';
    platform.picture = { ...platform.picture, alerts: platform.picture.alerts.slice(0, 2) };
    platform.drop();
    await until(page, () => document.querySelector('.tabs [role=tab]:last-child')?.textContent?.includes('2') === true, null, 8000);
  });

  it('ends with the session: the sign-in page says so, and signing in brings the picture back', async () => {
    seat = await takeSeat();
    const { page, platform } = seat;
    platform.endSession();
    await page.waitForSelector('form input[name=password]');
    expect(await page.textContent('.card')).toContain('登录已到期');
    await page.fill('input[name=user]', '王建国');
    await page.fill('input[name=password]', 'wrong');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.bad');
    await page.fill('input[name=password]', 'a long and good one');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-state="live"]');
  });

  it('is a drill or a replay: one band over the whole width', async () => {
    seat = await takeSeat({ status: 'exercise', clock: 'replay' });
    const bands = await seat.page.$$eval('.band.striped', (all) => all.map((b) => [b.textContent?.trim().slice(0, 4), b.clientWidth]));
    expect(bands.map(([text]) => text)).toEqual(['演练 ·', '回放时钟']);
    expect(bands.every(([, width]) => width === 1920)).toBe(true);
  });
});

describe('a demonstration', () => {
  it('is live, and says how many times as fast its clock goes', async () => {
    seat = await takeSeat({ speed: 60 });
    const { page } = seat;
    expect((await page.textContent('[data-state="live"] b'))?.replace(/\s/g, ' ')).toBe('实时 ×60');
    expect(await page.$('.band.striped')).toBeNull();
    // Between two beats, a second apart, it goes on by tens of seconds.
    const read = async () => {
      const [h, m, s] = ((await page.textContent('.clock b')) ?? '').split(':').map(Number);
      return ((h ?? 0) * 60 + (m ?? 0)) * 60 + (s ?? 0);
    };
    const before = await read();
    await page.waitForFunction((text) => document.querySelector('.clock b')?.textContent !== text, await page.textContent('.clock b'));
    const passed = ((await read()) - before + 86_400) % 86_400;
    expect(passed).toBeGreaterThan(2);
  });
});

describe('the first administrator', () => {
  it('is made with the code of the link, once', async () => {
    seat = await takeSeat({ signedIn: false, path: '/setup?code=good' });
    const { page } = seat;
    await page.fill('input[name=user]', 'admin');
    await page.fill('input[name=password]', 'short');
    await page.fill('input[name=again]', 'short');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.bad');
    await page.fill('input[name=password]', 'twelve characters');
    await page.fill('input[name=again]', 'twelve characters');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-state="live"]');
  });

  it('is told when the code is not good', async () => {
    seat = await takeSeat({ signedIn: false, path: '/setup?code=used' });
    const { page } = seat;
    await page.fill('input[name=user]', 'admin');
    await page.fill('input[name=password]', 'twelve characters');
    await page.fill('input[name=again]', 'twelve characters');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.bad');
    expect(await page.textContent('.bad')).toBe('启用码不对或已用过');
  });
});
