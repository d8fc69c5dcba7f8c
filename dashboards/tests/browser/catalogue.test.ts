// The catalogue: who shares what, for everybody; the detail for whom it concerns; the log of exchange for
// the duty room.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { english } from './english';
import { closeBrowser, openBrowser, takeSeat, until, type Seat } from './seat';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let seat: Seat;
beforeAll(openBrowser);
afterAll(closeBrowser);
afterEach(() => seat.close());

describe('the catalogue', () => {
  it('is a tab of the feeds\' screen, with an address of its own', async () => {
    seat = await takeSeat({ role: 'officer', path: '/feeds?agency=hydrology' });
    const { page } = seat;
    await page.click('[data-view="catalogue"]');
    await page.waitForSelector('[data-catalogue] [data-agency="hydrology"]');
    await until(page, () => location.pathname + location.search === '/feeds?agency=hydrology&part=catalogue', null);
    await page.reload();
    await page.waitForSelector('[data-agency="hydrology"]');
    expect(await page.textContent('[data-agency="hydrology"]')).toContain('值班室');
    // The log says what became of each file, and why one was not taken.
    await page.waitForSelector('[data-line="refused"]');
    expect(await page.textContent('[data-line="refused"]')).toContain('此前的文件缺失');
    expect(await page.textContent('[data-line="imported"]')).toContain('拒收 3');
    expect(await page.textContent('[data-peer="province"]')).toContain('迟报');
    await page.click('[data-view="health"]');
    await page.waitForSelector('tr[data-feed]');
  });

  it('shows an agency who shares what, and the detail of its own', async () => {
    seat = await takeSeat({ role: 'agency', signedIn: false });
    const { page } = seat;
    await page.fill('input[name="user"]', 'li');
    await page.fill('input[name="password"]', 'correct horse battery');
    await page.keyboard.press('Enter');
    await page.click('[data-view="catalogue"]');
    await page.waitForSelector('[data-agency="drainage"]');
    expect(await page.textContent('[data-agency="drainage"]')).toContain('值班室');
    expect(await page.textContent('[data-agency="hydrology"]')).not.toContain('值班室');
    expect(await page.$('[data-exchange-log]')).toBeNull();
  });

  it('can be read by a machine, in both languages', async () => {
    seat = await takeSeat({ role: 'officer', path: '/feeds?part=catalogue' });
    const { page } = seat;
    await page.waitForSelector('[data-exchange-log]');
    const cdp = await seat.context.newCDPSession(page);
    await cdp.send('Runtime.evaluate', { expression: AXE });
    const run = "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then((r) => JSON.stringify(r.violations.map((v) => v.id + ': ' + v.nodes.slice(0, 3).map((n) => n.target.join(' ')).join(' | '))))";
    const { result } = await cdp.send('Runtime.evaluate', { expression: run, awaitPromise: true });
    expect(JSON.parse(String(result.value))).toEqual([]);
    expect(await english(page)).toEqual([]);
    await page.click('button[lang="en"]');
    await page.waitForSelector('text=Log of exchange');
  });
});
