// Counts of cases as a duty officer reads them: today, the days before with their gaps, who said it,
// and what it was before it was corrected.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { closeBrowser, openBrowser, takeSeat, type Seat, type SeatOptions } from './seat';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let seat: Seat;
beforeAll(openBrowser);
afterAll(closeBrowser);
afterEach(async () => {
  expect([seat.foreign, seat.complaints]).toEqual([[], []]);
  await seat.close();
});

async function open(options: SeatOptions = {}): Promise<void> {
  seat = await takeSeat(options);
  await seat.page.click('.lower [role="tab"]:nth-child(3)');
  await seat.page.waitForSelector('[data-case="dengue"]');
}

describe('counts of cases', () => {
  it('tell today from no data, and draw a day without a report as a gap', async () => {
    await open();
    const today = (code: string) => seat.page.textContent(`[data-case="${code}"] .n`);
    expect([await today('dengue'), await today('ili'), await today('cholera')]).toEqual(['3', '—', '0']);
    expect(await seat.page.locator('[data-case="dengue"] .gap').count()).toBe(3);
    expect(await seat.page.locator('[data-case="dengue"] .said').count()).toBe(11);
    expect(await seat.page.locator('[data-case="cholera"] .gap').count()).toBe(11);
    expect(await seat.page.textContent('[data-case="dengue"] small')).toBe('乙类 · 限 24 h 报告');
    expect(await seat.page.textContent('[data-case="ili"] small')).toBe('症候群');
  });

  it('opened, say who reported it and each amendment, newest first', async () => {
    await open();
    await seat.page.click('[data-case="dengue"] button');
    await seat.page.waitForSelector('.cases .open .amended');
    const said = await seat.page.locator('.cases .amended').allTextContents();
    expect(said.map((s) => s.split('（')[0])).toEqual(['更正：原 7，现 5', '更正：原 9，现 7']);
    const text = (await seat.page.textContent('.cases .open'))!;
    for (const part of ['报告地点 1 处', '蓬江区', '全部年龄', '上报']) expect(text).toContain(part);
    await seat.page.click('[data-case="dengue"] button');
    expect(await seat.page.locator('.cases .open').count()).toBe(0);
  });

  it.each([[{}], [{ night: true, language: 'en' as const, size: { width: 1366, height: 768 } }]])('break no rule of WCAG 2.2 AA and are not cut off: %j', async (options) => {
    await open(options);
    await seat.page.click('[data-case="dengue"] button');
    await seat.page.waitForSelector('.cases .open .amended');
    const cdp = await seat.context.newCDPSession(seat.page);
    await cdp.send('Runtime.evaluate', { expression: AXE });
    const run = "axe.run(document.querySelector('.lower'), { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then((r) => JSON.stringify(r.violations.map((v) => v.id + ': ' + v.nodes[0].target.join(' '))))";
    const { result } = await cdp.send('Runtime.evaluate', { expression: run, awaitPromise: true, returnByValue: true });
    expect(JSON.parse(String(result.value))).toEqual([]);
    expect(await seat.page.$eval('.lower .body', (e) => e.scrollWidth <= e.clientWidth)).toBe(true);
    await seat.page.$eval('.cases', (e) => e.scrollIntoView());
    expect(await seat.page.evaluate(() => document.documentElement.scrollHeight <= innerHeight)).toBe(true);
    if (process.env['SHOTS'] !== undefined) {
      await seat.page.screenshot({ path: `${process.env['SHOTS']}/cases-${'night' in options ? 'night' : 'day'}.png` });
    }
  });
});
