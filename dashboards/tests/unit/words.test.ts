import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { age, dayTime, hhmmss, roughAge, shiftEnd, span } from '../../src/time/format';
import { criterion, fact, over, quantity } from '../../src/words/alert';
import { blocks } from '../../src/words/about';
import { measured, unnumbered } from '../../src/words/rule';
import { figure, unit } from '../../src/words/units';
import { say, term, words, type Key } from '../../src/words/words';
import type { AlertView } from '../../src/contract/types';

const SRC = resolve(import.meta.dirname, '../../src');
const CJK = /[\u3400-\u9fff]/;
const files = (ext: string): string[] =>
  readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith(ext)).map((f) => join(SRC, f));

describe('the words', () => {
  it('are complete in both languages', () => {
    for (const [key, [zh, en]] of Object.entries(words)) {
      expect(zh.trim(), key).not.toBe('');
      expect(en.trim(), key).not.toBe('');
      if (key !== 'head.language' && key !== 'head.language.title') expect(CJK.test(en), `${key}: ${en}`).toBe(false);
      const holes = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]!).sort();
      expect(holes(zh), key).toEqual(holes(en));
    }
  });

  it('are the duty room\'s: none that reads as something else there', () => {
    const not = ['确认', '搁置', '派发', '死信', '预警等级', '关闭响应', '起报', '立事件', '无声'];
    for (const [key, [zh]] of Object.entries(words)) for (const word of not) expect(zh.replaceAll('建立事件', '').includes(word), `${key}: ${zh}`).toBe(false);
  });

  it('are set as Chinese is: full-width stops among Chinese', () => {
    for (const [key, [zh]] of Object.entries(words)) {
      expect(/[\u3400-\u9fff\u300d}][,:;!?(]|[,:;)][\u3400-\u9fff\u300c]/.test(zh), `${key}: ${zh}`).toBe(false);
    }
  });

  it('stand nowhere else: no component has Chinese of its own', () => {
    for (const file of files('.svelte')) {
      const text = readFileSync(file, 'utf8').replace(/<!--[\s\S]*?-->/g, '').replace(/\/\/.*$/gm, '');
      const own = text.split('\n').filter((line) => CJK.test(line));
      expect(own, file).toEqual([]);
    }
  });

  it('have no key that nothing uses', () => {
    const text = [...files('.svelte'), ...files('.ts')].filter((f) => !f.includes('/words/')).map((f) => readFileSync(f, 'utf8')).join('\n')
      + ['alert', 'notice', 'rule', 'particulars'].map((f) => readFileSync(join(SRC, `words/${f}.ts`), 'utf8')).join('\n');
    const stable = /^(state|grade|status|camera\.kind|named|todo|part|unfit|field|rule|did|no|by|report|prop|criterion|over|mark|datum|task|unit|kind|traffic|signal|notice|data|trust|trend|channel|role|level|reject|letter|key|opens|age|span|fact|bed|figure|figured|doubt|origin|case\.(?:class|age|sex)|sit\.(?:kind|sign|stage|state|verdict|precision|by|step|fact|value)|share|fault|crossed|warning\.(?:act|signature|urgency|severity|certainty))\./;
    const made = /`(\w+(?:\.\w+)*)\.\$\{/g;
    const prefixes = [...text.matchAll(made)].map((m) => `${m[1]}.`);
    const unused = Object.keys(words).filter((key) => !stable.test(key) && !text.includes(`'${key}'`) && !prefixes.some((p) => key.startsWith(p)));
    expect(unused).toEqual([]);
  });

  it('fall back to the platform\'s own word where there is none yet', () => {
    expect(term('zh', 'no', 'unit_busy')).toBe('队伍已有任务');
    expect(term('en', 'no', 'brand_new_reason')).toBe('brand new reason');
    expect(say('zh', 'list.new' as Key, { n: 3 })).toBe('3 条新告警');
  });
});

describe('what is said of an alert', () => {
  const base: AlertView = {
    id: 'x', hazard: 'river_stage', place: 'S', place_name: '江门站', place_name_en: 'Jiangmen', level: 'yellow', peak: 'yellow', value: 4.09,
    property: 'water_level', unit: 'm', threshold: 3.8, mark: 'warning', rule: '', raised_ms: 0, changed_ms: 0, trend: 'rising', steps: 1, status: 'actual',
  };

  it('is the form of the flood office: 超警0.29', () => {
    expect(fact('zh', base)).toBe('水位 4.09 m 超警0.29');
    expect(fact('en', base)).toBe('stage 4.09 m 0.29 above warning');
    expect(over('zh', { ...base, mark: null })).toBe('');
    expect(over('zh', { ...base, value: 3.7 })).toBe('');
  });

  it('names the window of a sum and calls a silence a silence', () => {
    const rain = { ...base, hazard: 'rainfall', property: 'rainfall', unit: 'mm', value: 58, window_s: 10_800, mark: null };
    expect(quantity('zh', rain)).toBe('3小时雨量');
    expect(fact('en', rain)).toBe('3 h rain 58 mm');
    expect(fact('zh', { ...base, hazard: 'feed', place: 'agency:sea', value: null, property: '' })).toBe('全单位资料中断');
    expect(fact('zh', { ...base, hazard: 'feed', value: null, property: 'water_level' })).toBe('水位资料中断');
  });

  it('never calls the platform\'s own level a warning', () => {
    const text = say('zh', 'detail.criterion', { criterion: criterion('zh', 'rainfall', 'rainfall'), level: '红色' });
    expect(text).toBe('达到暴雨红色指标（平台研判）');
  });

  it('writes figures as their unit is measured', () => {
    expect([figure(3.8, 'm'), figure(58, 'mm'), figure(58.25, 'mm'), figure(23_389.4, 'm3/s')]).toEqual(['3.80', '58', '58.3', '23389']);
    expect([unit('zh', '{people}'), unit('en', '{people}'), unit('zh', 'm3/s')]).toEqual(['人', 'people', 'm³/s']);
  });
});

describe('times', () => {
  const eight = 8 * 3600;
  const t = Date.UTC(2026, 8, 11, 14, 5, 9); // 22:05:09 in the city

  it('are the city\'s, whatever the zone of the seat', () => {
    expect(hhmmss(t, eight)).toBe('22:05:09');
    expect(dayTime(t, t + 3_600_000, eight)).toBe('22:05');
    expect(dayTime(t, t + 3 * 3_600_000, eight)).toBe('09-11 22:05');
  });

  it('and ages are said in words', () => {
    expect([age(12_000, 'zh'), age(180_000, 'zh'), age(7_500_000, 'zh'), age(7_200_000, 'en'), age(-5, 'zh'), age(3 * 86_400_000, 'en')])
      .toEqual(['12 秒', '3 分', '2 小时 5 分', '2 h', '0 秒', '3 d']);
    expect([roughAge(7_500_000, 'zh'), roughAge(59_000, 'zh')]).toEqual(['2 小时', '59 秒']);
    expect([span(10_800, 'zh'), span(1800, 'en'), span(45, 'zh')]).toEqual(['3 小时', '30 min', '45 秒']);
  });

  it('shifts end at 08:00 and 20:00', () => {
    expect(hhmmss(shiftEnd(t, eight), eight)).toBe('08:00:00');
    expect(shiftEnd(t, eight)).toBeGreaterThan(t);
    expect(hhmmss(shiftEnd(Date.UTC(2026, 8, 11, 3), eight), eight)).toBe('20:00:00');
    const edge = Date.UTC(2026, 8, 11, 12);
    expect(shiftEnd(edge, eight)).toBe(edge + 12 * 3_600_000);
  });
});

describe('what the platform says in English', () => {
  const rule = { hazard: 'rainfall', number: 2, statistic: 'sum', property: 'rainfall', window_s: 10_800, comparison: 'at_least', threshold: 50, unit: 'mm', level: 'orange', source: '' };

  it('is worded from its parts', () => {
    expect(measured('zh', rule)).toBe('3小时累计雨量 ≥ 50 mm');
    expect(measured('en', rule)).toBe('rain over 3 h ≥ 50 mm');
    expect(measured('zh', { ...rule, statistic: 'highest', property: 'tide_level', window_s: 50_400, unit: 'm', threshold: 2.1 })).toBe('14小时内最高潮位 ≥ 2.10 m');
    expect(measured('zh', { ...rule, statistic: 'latest', property: 'water_level', window_s: null, unit: 'm', threshold: 3.8 })).toBe('水位 ≥ 3.80 m');
    expect(measured('zh', { ...rule, statistic: 'rise_per_hour', property: 'water_level', window_s: 3600, unit: 'm', threshold: 0.5 })).toBe('水位每小时涨幅（按1小时计） ≥ 0.50 m/小时');
    expect(unnumbered('zh', 'no data: nothing for 3 expected intervals', '暴雨')).toBe('连续 3 个应报时次没有资料');
    expect(unnumbered('zh', 'water_level discharge: silence is 3 expected intervals without a frame', '')).toBe('水位、流量连续 3 个应报时次没有来报，即为中断');
    expect(unnumbered('zh', 'rainfall/1 #4: sum of rainfall over 3 h >= 50', '暴雨')).toBe('暴雨指标第 4 条（指标文件此后有改动）');
    expect(unnumbered('zh', 'of a later version', '暴雨')).toBe('暴雨');
  });

  it('has the same reasons to refuse, and what to do about each, as the platform', () => {
    const source = readFileSync(resolve(SRC, '../../stream/domain/src/refusal.rs'), 'utf8');
    const reasons = [...source.matchAll(/^ {4}\w+ "(\w+)" "(.+)"$/gm)];
    expect(reasons.length).toBeGreaterThan(15);
    for (const [, word] of reasons) {
      expect(words, word).toHaveProperty([`reject.${word}`]);
      expect(words, word).toHaveProperty([`todo.${word}`]);
    }
    const desk = readFileSync(resolve(SRC, '../../command-api/src/desk/refusal.rs'), 'utf8');
    for (const [, word] of desk.matchAll(/=> "([a-z_]+)",$/gm)) expect(words, word).toHaveProperty([`no.${word}`]);
  });

  it('is read as the few forms of a page', () => {
    const page = blocks('# A\n\n**B** 一\n二 `c`\n\n- x\n  y\n- z\n\n| h | i |\n|---|---|\n| 1 | 2 |');
    expect(page.map((b) => b.kind)).toEqual(['title', 'text', 'list', 'table']);
    expect(page[1]).toEqual({ kind: 'text', spans: [{ kind: 'strong', text: 'B' }, { kind: 'plain', text: ' 一二 ' }, { kind: 'code', text: 'c' }] });
  });
});
