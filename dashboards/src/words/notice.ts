// What the platform says of itself, worded from its figures. Pure.
import type { Notice } from '../contract/types';
import { bytes } from './units';
import { hasTerm, say, term, type Language } from './words';

/** Names of the seat's city for the ids in a notice. */
export interface Names {
  station(id: string): string;
  hazard(name: string): string;
  unit(id: string): string;
}

/** Thresholds named in a band; the rest is a number. */
const NAMED = 2;

function room(language: Language, f: Record<string, number>): string[] {
  const said: string[] = [];
  const { free_bytes: free, free_share: share, days_until_full: days } = f;
  if (free !== undefined) {
    said.push(share === undefined
      ? say(language, 'notice.free.only', { free: bytes(free) })
      : say(language, 'notice.free', { free: bytes(free), share: Math.round(share * 100) }));
  }
  if (days !== undefined) said.push(days < 1 ? say(language, 'notice.days.none') : say(language, 'notice.days', { n: days }));
  return said;
}

function thresholds(language: Language, n: Notice, names: Names): string[] {
  const all = n.thresholds ?? [];
  const count = n.figures?.['count'] ?? all.length;
  const said = [say(language, 'notice.thresholds', { n: count })];
  for (const x of all.slice(0, NAMED)) {
    said.push(say(language, 'notice.threshold', {
      station: names.station(x.station), hazard: names.hazard(x.hazard), n: x.threshold, why: term(language, 'unfit', x.reason),
    }));
  }
  if (count > NAMED) said.push(say(language, 'notice.more', { n: count - Math.min(NAMED, all.length) }));
  return said;
}

function particulars(language: Language, n: Notice, names: Names): string[] {
  const f = n.figures ?? {};
  const behind = f['behind_records'];
  const waiting = behind === undefined || behind === 0 ? [] : [say(language, 'notice.behind', { n: behind })];
  switch (n.id) {
    case 'disk_nearly_full':
      return room(language, f);
    case 'unit_distress':
      return (n.units ?? []).map((id) => names.unit(id));
    case 'disk_full':
      return [say(language, 'notice.stopped')];
    case 'archive_down':
    case 'archive_behind':
      return [...waiting, say(language, 'notice.noalert')];
    case 'engine_behind':
      return waiting;
    case 'certificate_expiring': {
      const left = f['days_left'] ?? 0;
      const ended = n.severity === 'critical' && left === 0 && (f['not_after_ms'] ?? 0) <= n.since_ms;
      return [ended ? say(language, 'notice.certificate.ended') : say(language, 'notice.certificate.days', { n: left })];
    }
    case 'certificate_refused':
      return [say(language, 'notice.certificate.old')];
    case 'threshold_refused':
      return thresholds(language, n, names);
    default: // A kind of a later version: its own sentence is English.
      return language === 'en' ? [n.detail] : [];
  }
}

export function noticeText(language: Language, n: Notice, names: Names): string {
  const head = hasTerm('notice', n.id) || language === 'en' ? term(language, 'notice', n.id) : n.id;
  const rest = particulars(language, n, names).join(language === 'zh' ? '，' : ', ');
  return rest === '' ? head : `${head} — ${rest}`;
}
