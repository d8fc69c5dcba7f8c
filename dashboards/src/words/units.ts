// Units as they are read in the duty room; UCUM stays on the wire.
import type { Language } from './words';

const SHOWN: Record<string, readonly [string, string]> = {
  'm3/s': ['m³/s', 'm³/s'],
  Mm3: ['百万 m³', 'million m³'],
  Cel: ['℃', '°C'],
  deg: ['°', '°'],
  'ug/m3': ['µg/m³', 'µg/m³'],
  'cm/s2': ['cm/s²', 'cm/s²'],
  '{people}': ['人', 'people'],
  '1': ['', ''],
};

export function unit(language: Language, ucum: string): string {
  const shown = SHOWN[ucum];
  return shown === undefined ? ucum : shown[language === 'zh' ? 0 : 1];
}

const PLACES: Record<string, number> = {
  m: 2, mm: 1, 'mm/h': 1, cm: 1, 'm/s': 1, 'm3/s': 0, '%': 1, hPa: 1, Cel: 1, '{people}': 0, deg: 0, '1': 0, V: 1,
};

/** A value with as many places as its unit is measured in, without a trailing `.0` beyond them. */
export function figure(v: number, ucum: string): string {
  const places = PLACES[ucum] ?? 2;
  const text = v.toFixed(places);
  return ucum === 'm' || !text.includes('.') ? text : text.replace(/\.?0+$/, '');
}

const STEPS: readonly [number, string][] = [[1e12, 'TB'], [1e9, 'GB'], [1e6, 'MB']];

/** `30.5 GB`. */
export function bytes(n: number): string {
  const [each, name] = STEPS.find(([size]) => n >= size) ?? [1e6, 'MB'];
  const v = n / each;
  return `${v >= 100 ? v.toFixed(0) : v.toFixed(1)} ${name}`;
}
