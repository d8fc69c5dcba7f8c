import { describe, expect, it } from 'vitest';
import { bytesOf, hexOf, hexToBase64, lag, percent, share, skew, textOf } from '../../src/feeds/figures';
import { GUIDES } from '../../src/feeds/guides';
import type { Filled } from '../../src/feeds/guides/guide';
import { addressOf, rfc3339 } from '../../src/feeds/guides/places';
import { crc16, frame } from '../../src/feeds/guides/sl651';

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
  const telemetry = { id: 'A', name: '甲', name_en: 'A', address: '0012345678', properties: ['water_level', 'rainfall', 'battery'] };
  const filled: Filled = {
    language: 'zh', agency: 'hydro', station: 'A', property: 'water_level', propertyUnit: 'm', value: '3.95', now: Date.UTC(2026, 5, 10, 19, 5), opened: Date.UTC(2026, 5, 10, 19, 5),
    offsetS: 8 * 3600, secret: "se'cret", unit: 'boat-1', unitSecret: 'theirs', hospital: 'H1', telemetry, password: '1234', lon: 113.08, lat: 22.58, zone: '440703',
    http: 'http://10.0.0.1:8080', mqtt: { host: '10.0.0.1', port: '1883' }, mqtts: null, sl651: { host: '10.0.0.1', port: '5001' }, cot: { host: '10.0.0.1', port: '4242' }, sl651s: { host: '10.0.0.1', port: '6512' }, cots: { host: '10.0.0.1', port: '8089' },
    start: {
      agency: 'hydro', official_signals: true, doors: [], telemetry: [telemetry], sl651_password: true, cot: true, hospitals: [], cameras: [], polled: [],
      units: [{ id: 'boat-1', name: '艇', name_en: 'Boat', cot_uid: 'ANDROID-1' }],
    },
  };
  it('dates the columns of a storm by UTC: at three in the morning the city is a day ahead', () => {
    const said = GUIDES.find((g) => g.id === 'tracks')?.commands(filled).map((c) => c.text).join('\n') ?? '';
    expect(said).toMatch(/EXERCISE +20260610 /);
    expect(said).toContain('26061019 002');
    expect(said).not.toContain('20260611 ');
  });

  it('has the agency\'s own names in every command, and survives a quote', () => {
    for (const guide of GUIDES) {
      const commands = guide.commands(filled);
      expect(commands.length, guide.id).toBeGreaterThan(0);
      expect(new Set(commands.map((c) => c.label)).size, guide.id).toBe(commands.length);
      for (const { text, label } of commands) {
        expect(text, `${guide.id} ${label}`).toMatch(/hydro|"A"|A,water_level|boat-1|ANDROID-1|H1|440703|113\.\d+|10\.0\.0\.1/);
        expect(text, `${guide.id} ${label}`).not.toMatch(/undefined|NaN|\[object/);
        if (text.includes('Bearer')) expect(text, guide.id).toContain(`se'\\''cret`);
      }
    }
    expect(new Set(GUIDES.map((g) => g.id)).size).toBe(GUIDES.length);
  });
  it('goes to the broker by TLS where that door is open', () => {
    const open = { ...filled, mqtts: { host: '10.0.0.1', port: '8883' } };
    const hospital = GUIDES.find((g) => g.id === 'hospital')!.commands(open).find((c) => c.label === 'start.over.mqtt');
    expect(hospital?.text).toContain('-p 8883 --tls-use-os-certs');
    expect(GUIDES.find((g) => g.id === 'mqtt')!.commands(open)[0]?.text).toContain('-p 1883 -u');
  });
  it('writes a telemetry frame digit by digit', () => {
    expect(crc16([...'123456789'].map((c) => c.charCodeAt(0)))).toBe(0x4b37);
    const bytes = frame(filled, 0x32);
    const hex = bytes.map((b) => b.toString(16).padStart(2, '0')).join('').toUpperCase();
    expect(hex.slice(0, 26)).toBe(`7E7E05${telemetry.address}123432`.slice(0, 22) + (bytes.length - 17).toString(16).padStart(4, '0').toUpperCase());
    expect(hex).toContain('260611030500F1F10012345678' + '48F0F02606110305' + '392300003950' + '2219000005' + '38121210');
    const [hi, lo] = bytes.slice(-2);
    expect(crc16(bytes.slice(0, -2))).toBe(((hi ?? 0) << 8) | (lo ?? 0));
  });
  it('finds the door as this page reaches it', () => {
    const page = { hostname: '10.0.0.1' };
    expect(addressOf({ protocol: 'mqtt', address: 'mqtt://0.0.0.0:1883' }, page)).toEqual({ host: '10.0.0.1', port: '1883' });
    expect(addressOf({ protocol: 'mqtts', address: 'mqtts://broker.local' }, page)).toEqual({ host: 'broker.local', port: '8883' });
    expect(addressOf({ protocol: 'sl651', address: 'tcp://[::]:5001' }, page)).toEqual({ host: '10.0.0.1', port: '5001' });
    expect(addressOf({ protocol: 'mqtt', address: 'mqtt://user@broker.local:8883' }, page)).toMatchObject({ host: 'broker.local', port: '8883' });
    expect(addressOf(undefined, page)).toBeNull();
  });
  it('writes times with the city\'s offset', () => {
    expect(rfc3339(Date.UTC(2026, 5, 10, 19, 5), 8 * 3600)).toBe('2026-06-11T03:05:00+08:00');
  });
});
