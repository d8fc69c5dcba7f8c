import { describe, expect, it } from 'vitest';
import { bytesOf, hexOf, hexToBase64, lag, percent, share, skew, textOf } from '../../src/feeds/figures';
import { GUIDES, reach, rfc3339 } from '../../src/feeds/guides';

describe('figures of a feed', () => {
  it('are said as they are read', () => {
    expect([lag(420, 'zh'), lag(12_400, 'zh'), lag(180_000, 'zh'), lag(null, 'zh')]).toEqual(['0.4 s', '12 s', '3 分', '—']);
    expect([skew(-400, 'zh'), skew(86_400_000, 'zh'), skew(-90_000, 'en'), skew(null, 'en')]).toEqual(['准', '快 24 小时', '1 min slow', '—']);
  });

  it('are never whole where something is missing', () => {
    const hours = [{ from_ms: 0, expected: 1000, received: 999 }, { from_ms: 1, expected: 0, received: 0 }];
    expect(percent(share(hours) ?? 0)).toBe('99%');
    expect(share([{ from_ms: 0, expected: 0, received: 0 }])).toBeNull();
    expect(percent(1)).toBe('100%');
  });

  it('bytes are text where they are, and hex goes back to the same', () => {
    const bytes = bytesOf(btoa('\x7e\x7e\x01\xff'));
    expect(textOf(bytes)).toBeNull();
    expect(hexOf(bytes)).toBe('7e 7e 01 ff');
    expect(hexToBase64('7e7e 01\nFF')).toBe(btoa('\x7e\x7e\x01\xff'));
    expect(hexToBase64('7e 7')).toBeNull();
    expect(textOf(bytesOf(Buffer.from('{"站":1}').toString('base64')))).toBe('{"站":1}');
  });
});

describe('getting started', () => {
  const filled = {
    agency: 'hydro', station: 'A', property: 'discharge', value: '1.5', t: '2026-06-11T03:05:00+08:00', before: '2026-06-11T03:04:00+08:00',
    secret: "se'cret", http: 'http://10.0.0.1:8080', mqttHost: '10.0.0.1', mqttPort: '1883',
  };
  it('has the agency\'s own names in every command, and survives a quote', () => {
    for (const guide of GUIDES) {
      for (const { text } of guide.commands(filled)) {
        expect(text).toContain(`'se'\\''cret'`.slice(1, -1));
        expect(text).toMatch(/hydro|"A"|A,discharge/);
      }
    }
  });
  it('finds the door as this page reaches it', () => {
    const page = { origin: 'http://10.0.0.1:8080', hostname: '10.0.0.1' };
    expect(reach({ protocol: 'mqtt', address: 'mqtt://0.0.0.0:1883' }, page)).toMatchObject({ host: '10.0.0.1', port: '1883' });
    expect(reach({ protocol: 'mqtt', address: 'mqtt://user@broker.local:8883' }, page)).toMatchObject({ host: 'broker.local', port: '8883' });
    expect(reach({ protocol: 'http', address: 'http://0.0.0.0:8080' }, page)?.url).toBe('http://10.0.0.1:8080');
    expect(reach(undefined, page)).toBeNull();
  });
  it('writes times with the city\'s offset', () => {
    expect(rfc3339(Date.UTC(2026, 5, 10, 19, 5), 8 * 3600)).toBe('2026-06-11T03:05:00+08:00');
  });
});
