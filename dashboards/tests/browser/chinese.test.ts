// A Chinese screen is Chinese: no sentence of the platform's English stands on it, whatever the platform
// says in English (notices, rules, refusals, pages of the hazards).
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Notice } from '../../src/contract/types';
import { english } from './english';
import { closeBrowser, openBrowser, takeSeat, until, type Seat } from './seat';

let seat: Seat;
beforeAll(openBrowser);
afterAll(closeBrowser);
afterEach(() => seat.close());

const notice = (id: string, figures: Record<string, number>, more: Partial<Notice> = {}): Notice =>
  ({ id, severity: 'warning', detail: 'this is an English sentence of the platform', figures, since_ms: Date.now(), ...more });

describe('a Chinese screen', () => {
  it('is found out where an English sentence stands on it', async () => {
    seat = await takeSeat();
    expect(await english(seat.page)).toEqual([]);
    await seat.page.evaluate(() => (document.querySelector('header h1')!.textContent = 'the disk is full'));
    expect(await english(seat.page)).toEqual(['the disk is full']);
  });

  it('words every notice from its figures', async () => {
    seat = await takeSeat();
    seat.platform.push([
      { kind: 'notice', row: notice('disk_nearly_full', { free_bytes: 30.5e9, free_share: 0.12, days_until_full: 1 }) },
      { kind: 'notice', row: notice('disk_full', {}, { severity: 'critical' }) },
      { kind: 'notice', row: notice('archive_down', { behind_records: 200_000 }) },
      { kind: 'notice', row: notice('engine_behind', { behind_records: 40_000 }) },
      { kind: 'notice', row: notice('threshold_refused', { count: 25 }, { thresholds: [{ hazard: 'river_stage', station: 'JM-0201', threshold: 2, reason: 'datum', terms: {} }] }) },
      { kind: 'notice', row: notice('of_a_later_version', {}) },
    ]);
    await until(seat.page, () => document.querySelectorAll('.band').length === 6, null);
    expect(await english(seat.page)).toEqual([]);
    const bands = await seat.page.$$eval('.band', (all) => all.map((b) => b.textContent!.trim()));
    expect(bands[0]).toBe('磁盘将满 — 余 30.5 GB（12%），约 1 天后写满');
    expect(bands[1]).toBe('磁盘已满 — 已停止收报，腾出空间后自动恢复');
    expect(bands[4]).toMatch(/^有指标不能适用 — 25 条，.*河道水位指标第 2 条：基面不同且无改正数，另有 24 条$/);
  });

  it('says why in the field\'s words, with the page of every hazard', async () => {
    seat = await takeSeat();
    const { page, platform } = seat;
    const one = new Map(platform.picture.alerts.map((a) => [a.hazard, a.id]));
    expect(one.size).toBeGreaterThanOrEqual(6);
    for (const [hazard, id] of one) {
      await page.goto(`${platform.url}/?sel=alert:${encodeURIComponent(id)}`);
      await page.waitForSelector('.detail');
      expect(await english(seat.page), hazard).toEqual([]);
      await page.keyboard.press('w');
      await page.waitForSelector('.why .rule');
      if (hazard !== 'feed') {
        await page.click('.why summary');
        expect(await page.textContent('.about'), hazard).toContain('局限');
      }
      expect(await english(seat.page), hazard).toEqual([]);
    }
  });

  it('says what was refused and what to do, and how long there is room', async () => {
    seat = await takeSeat({ path: '/feeds' });
    const { page } = seat;
    await page.waitForSelector('tr[data-feed]');
    expect(await english(page)).toEqual([]);
    let text = await page.innerText('main');
    for (const agency of ['hydrology', 'drainage']) {
      await page.goto(`${seat.platform.url}/feeds?agency=${agency}&part=letters`);
      await page.waitForSelector('[data-letter]');
      for (const letter of await page.$$('[data-letter]')) {
        await letter.click();
        expect(await english(page)).toEqual([]);
        text += await page.innerText('main');
      }
    }
    for (const words of ['超前 23 小时', '校准测站或网关的时钟', '99999.00 m，可能范围', '无要素「雨量」，有：水位、流量', '字段 depth', '31.3 字节', '约 412 天后', '24 小时完整率', '资料完整至']) {
      expect(text).toContain(words);
    }
  });

  it('refuses a command, a name and a code in Chinese', async () => {
    seat = await takeSeat();
    const { page, platform } = seat;
    await page.keyboard.press('j');
    const id = await page.evaluate(() => new URLSearchParams(location.search).get('sel')!.slice('alert:'.length));
    // Another seat was first, and this one has not heard of it.
    const row = platform.alert(id)!;
    platform.picture = { ...platform.picture, alerts: platform.picture.alerts.map((a) => (a.id === id ? { ...row, acknowledged_by: '李志强', acknowledged_ms: Date.now() } : a)) };
    await page.keyboard.press('a');
    await page.waitForSelector('.detail .bad');
    expect(await page.textContent('.detail .bad')).toMatch(/^未办成：李志强 已于 .*\d\d:\d\d 签收$/);
    expect(await english(seat.page)).toEqual([]);
    for (const keys of [['e'], ['Escape', 's'], ['Escape', '?']]) {
      for (const key of keys) await page.keyboard.press(key);
      expect(await english(seat.page), keys.join(' ')).toEqual([]);
    }
    await page.goto(`${platform.url}/?sel=incident:I-20260911-1`);
    await page.waitForSelector('.task');
    for (const tab of [1, 2, 3]) {
      await page.click(`.lower [role=tab]:nth-child(${tab})`);
      expect(await english(seat.page), `tab ${tab}`).toEqual([]);
    }
    platform.endSession();
    await page.waitForSelector('form input[type="password"]');
    expect(await page.$('input[name="code"]')).toBeNull();
    await page.fill('input[name="user"]', '王建国');
    await page.fill('input[type="password"]', 'wrong');
    await page.keyboard.press('Enter');
    await page.waitForSelector('form .bad');
    expect(await english(seat.page)).toEqual([]);
    await page.goto(`${platform.url}/setup?code=used`);
    await page.fill('input[name="user"]', '王建国');
    for (const name of ['password', 'again']) await page.fill(`input[name="${name}"]`, 'a long enough one');
    await page.keyboard.press('Enter');
    await page.waitForSelector('form .bad');
    expect(await page.textContent('form .bad')).toBe('启用码不对或已用过');
    expect(await english(seat.page)).toEqual([]);
  });
});
