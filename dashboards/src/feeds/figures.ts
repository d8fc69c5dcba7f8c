// Figures of a feed in words, and the bytes of what was refused as text or hex. Pure.
import type { HourView } from '../contract/types';
import { age } from '../time/format';
import { say, type Language } from '../words/words';

/** Below this a clock is called right, ms: the way here is in it too. */
export const SKEW_FINE_MS = 5_000;
/** From here on it is told apart from what is merely late, ms. */
export const SKEW_BAD_MS = 60_000;

/** `0.4 s`, `12 s`, `3 分`. */
export function lag(ms: number | null | undefined, language: Language): string {
  if (ms == null) return '—';
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 60_000 ? `${Math.round(ms / 1000)} s` : age(ms, language);
}

export function skew(ms: number | null | undefined, language: Language): string {
  if (ms == null) return '—';
  if (Math.abs(ms) < SKEW_FINE_MS) return say(language, 'feeds.skew.fine');
  return say(language, ms > 0 ? 'feeds.skew.ahead' : 'feeds.skew.behind', { age: age(Math.abs(ms), language) });
}

/** Share of what was expected that came, over some hours; null where nothing was expected. */
export function share(hours: readonly HourView[]): number | null {
  const expected = hours.reduce((n, h) => n + h.expected, 0);
  return expected === 0 ? null : hours.reduce((n, h) => n + h.received, 0) / expected;
}

/** A share in whole per cent, never rounded up to a hundred. */
export const percent = (part: number): string => `${part >= 1 ? 100 : Math.min(99, Math.round(part * 100))}%`;

export function bytesOf(base64: string): Uint8Array {
  try {
    return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

/** The bytes as text, or null where they are none. */
export function textOf(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // eslint-disable-next-line no-control-regex
    return /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(text) ? null : text;
  } catch {
    return null;
  }
}

/** `7e 7e 01 …`, sixteen a line. */
export function hexOf(bytes: Uint8Array): string {
  const pairs = Array.from(bytes, (b) => b.toString(16).padStart(2, '0'));
  const lines: string[] = [];
  for (let at = 0; at < pairs.length; at += 16) lines.push(pairs.slice(at, at + 16).join(' '));
  return lines.join('\n');
}

/** Hex back to base64; null where it is no hex. */
export function hexToBase64(hex: string): string | null {
  const digits = hex.replace(/\s+/g, '');
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) return null;
  const pairs = digits.match(/../g) ?? [];
  return btoa(pairs.map((p) => String.fromCharCode(parseInt(p, 16))).join(''));
}
