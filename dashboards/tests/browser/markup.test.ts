// What others send is text, whatever it looks like (RELIABILITY 74): a headline, a report, a name.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { WarningView } from '../../src/contract/types';
import { closeBrowser, openBrowser, takeSeat, type Seat } from './seat';

const EVIL = '<img src=x onerror="document.body.dataset.evil=1"><b>暴雨</b>&amp;';

let seat: Seat;
beforeAll(openBrowser);
afterAll(closeBrowser);
afterEach(async () => {
  expect([seat.foreign, seat.complaints]).toEqual([[], []]);
  await seat.close();
});

describe('a warning that is written like a page', () => {
  it('is shown letter by letter, and makes no element', async () => {
    seat = await takeSeat({ path: '/?sel=warning:77' });
    const now = Date.now();
    const row: WarningView = {
      id: '77', agency: 'weather', sender: EVIL, identifier: EVIL, sent_ms: now, received_ms: now, status: 'Actual', act: 'Alert', state: 'in_force',
      scope: 'Public', signature: 'unsigned', ends_ms: now + 3_600_000, ends_by_default: false, follows: [], unresolved: [], note: EVIL,
      infos: [{
        language: 'zh-CN', event: EVIL, categories: ['Met'], responses: [], urgency: 'Immediate', severity: 'Severe', certainty: 'Likely', color: 'orange',
        sender_name: EVIL, headline: EVIL, description: EVIL, instruction: EVIL, contact: EVIL, shortened: false,
        areas: [{ description: EVIL, polygons: [], circles: [], geocodes: [], zones: [] }],
      }],
    };
    seat.platform.push([{ kind: 'warning', row }]);
    const shown = seat.page.locator('article.warning');
    await expect.poll(async () => ((await shown.textContent()) ?? '').split(EVIL).length - 1).toBeGreaterThanOrEqual(6);
    expect(await seat.page.locator('article.warning img, article.warning b').count()).toBe(0);
    expect(await seat.page.evaluate(() => document.body.dataset['evil'])).toBeUndefined();
  });
});
