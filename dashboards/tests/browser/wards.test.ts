// Hospitals as a duty officer reads them: who takes patients until when, what is known and how old it is.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { closeBrowser, openBrowser, takeSeat, type Seat } from './seat';

let seat: Seat;
beforeAll(openBrowser);
afterAll(closeBrowser);
afterEach(async () => {
  expect([seat.foreign, seat.complaints]).toEqual([[], []]);
  await seat.close();
});

async function open(n: number): Promise<string> {
  seat = await takeSeat();
  const hospital = seat.platform.picture.hospitals[n]!;
  await seat.page.click('[role="tab"]:has-text("资源")');
  await seat.page.click(`.beds button:has-text("${hospital.name.replace('(虚构)', '')}")`);
  await seat.page.waitForSelector(`article.place h2:has-text("${hospital.name}")`);
  return (await seat.page.textContent('article.place'))!;
}

describe('a hospital', () => {
  it('that takes nobody says why, until when and who approved it', async () => {
    const text = await open(0);
    for (const part of ['暂停接收', '急诊楼一层进水', '批准', '市卫生健康局值班', '至 ']) expect(text).toContain(part);
    expect(text).not.toContain('已过');
  });

  it('whose diversion has run out says so, and shows what cannot all be true', async () => {
    const text = await open(1);
    for (const part of ['建议分流', '原定至', '请核实是否延续', '已加床']) expect(text).toContain(part);
  });

  it('has every bed figure with when it last changed, and a dash where nothing was said', async () => {
    await open(0);
    const row = seat.page.locator('article.place tbody tr', { hasText: '急诊留观' });
    await row.waitFor();
    expect(await row.locator('td').allTextContents()).toEqual(['30', '6', '—', '—', expect.stringContaining('8')]);
    expect(await row.locator('td').nth(1).getAttribute('title')).toMatch(/变更 8\D*前 · 上报/);
    const text = (await seat.page.textContent('article.place'))!;
    for (const part of ['可用呼吸机', '42 分钟', '受损', '二期楼备用发电机']) expect(text).toContain(part);
  });

  it('that has not reported shows no number at all', async () => {
    seat = await takeSeat();
    const unheard = seat.platform.picture.hospitals.find((h) => h.t_ms == null)!;
    await seat.page.click('[role="tab"]:has-text("资源")');
    const row = seat.page.locator('.beds tbody tr', { hasText: unheard.name.replace('(虚构)', '') });
    expect(await row.locator('td').allTextContents()).toEqual(['—', '—', '—']);
    await row.locator('button').click();
    await seat.page.waitForSelector('article.place:has-text("无资料不等于有床位")');
  });
});
