// Times in the city's zone, whatever the zone of the seat: an offset and UTC arithmetic. 24 h.
import { say, type Language } from '../words/words';

const pad = (n: number, width = 2): string => String(n).padStart(width, '0');
const at = (ms: number, offsetS: number): Date => new Date(ms + offsetS * 1000);

/** `18:03` */
export function hhmm(ms: number, offsetS: number): string {
  const d = at(ms, offsetS);
  return `${pad(d.getUTCHours())}:${pad(d.getUTCMinutes())}`;
}

/** `18:03:39` */
export function hhmmss(ms: number, offsetS: number): string {
  return `${hhmm(ms, offsetS)}:${pad(at(ms, offsetS).getUTCSeconds())}`;
}

/** `07-14` */
export function monthDay(ms: number, offsetS: number): string {
  const d = at(ms, offsetS);
  return `${pad(d.getUTCMonth() + 1)}-${pad(d.getUTCDate())}`;
}

/** `2026-07-14` */
export const date = (ms: number, offsetS: number): string =>
  `${at(ms, offsetS).getUTCFullYear()}-${monthDay(ms, offsetS)}`;

/** `18:03` on the city's day of `now`, else `07-13 18:03`. */
export function dayTime(ms: number, now: number, offsetS: number): string {
  const time = hhmm(ms, offsetS);
  return date(ms, offsetS) === date(now, offsetS) ? time : `${monthDay(ms, offsetS)} ${time}`;
}

/** How long, in words: 「12 秒」「3 分」「2 小时 5 分」「3 天」. */
export function age(ms: number, language: Language): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return say(language, 'age.s', { n: s });
  const min = Math.floor(s / 60);
  if (min < 60) return say(language, 'age.min', { n: min });
  const h = Math.floor(min / 60);
  if (h >= 48) return say(language, 'age.d', { n: Math.floor(h / 24) });
  const m = min % 60;
  return m === 0 ? say(language, 'age.h', { n: h }) : say(language, 'age.hm', { h, m });
}

/** The same in the fewest words, for a narrow column: 「5 小时」. */
export function roughAge(ms: number, language: Language): string {
  const h = Math.floor(ms / 3_600_000);
  return h < 1 || h >= 48 ? age(ms, language) : say(language, 'age.h', { n: h });
}

/** The length of a window: 「3 小时」「30 分钟」. */
export function span(seconds: number, language: Language): string {
  if (seconds % 3600 === 0) return say(language, 'span.h', { n: seconds / 3600 });
  if (seconds % 60 === 0) return say(language, 'span.min', { n: seconds / 60 });
  return say(language, 'span.s', { n: seconds });
}

/** Ends of shifts, hours of the city's day. */
const SHIFT_ENDS_H = [8, 20] as const;

/** The next end of a shift after `now`: 08:00 or 20:00. */
export function shiftEnd(now: number, offsetS: number): number {
  const d = at(now, offsetS);
  const midnight = Date.UTC(d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate()) - offsetS * 1000;
  for (const h of [...SHIFT_ENDS_H, SHIFT_ENDS_H[0] + 24]) {
    const end = midnight + h * 3_600_000;
    if (end > now) return end;
  }
  return midnight + 86_400_000;
}
