import { chromium } from 'playwright-core';
const [,, base, user, pw, out] = process.argv;
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--use-gl=swiftshader', '--enable-webgl', '--ignore-gpu-blocklist'] });
const combos = [[1920,1080,false,'zh'],[1366,768,true,'en']];
for (const [w,h,night,language] of combos) {
  const ctx = await browser.newContext({ viewport: { width: w, height: h }, locale: language === 'zh' ? 'zh-CN' : 'en-GB' });
  const page = await ctx.newPage();
  await page.addInitScript(([n, l]) => localStorage.setItem('fenghuo.seat', JSON.stringify({ night: n, language: l, shortcuts: true })), [night, language]);
  const tag = `${language}-${night ? 'night' : 'day'}-${w}`;
  await page.goto(base + '/');
  await page.waitForSelector('input');
  const inputs = await page.$$('input');
  await inputs[0].fill(user); await inputs[1].fill(pw);
  await page.locator('form button').first().click();
  await page.waitForTimeout(5000);
  for (const [name, path] of (process.env.PAGES ?? 'stuck=/?sel=station:JM-0404,main=/,feeds=/feeds').split(',').map((p) => { const i = p.indexOf('='); return [p.slice(0, i), p.slice(i + 1)]; })) {
    await page.goto(base + path); await page.waitForTimeout(6000);
    await page.screenshot({ path: `${out}/${name}-${tag}.png` });
  }
  await ctx.close();
}
await browser.close();
