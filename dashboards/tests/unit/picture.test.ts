import { describe, expect, it } from 'vitest';
import type { AlertView, Change } from '../../src/contract/types';
import { grouped, inFlood, isFeed, rate } from '../../src/picture/flood';
import { contrast, inkOn, Levels } from '../../src/picture/levels';
import { compare, countLevels, countTabs, listed, tabOf } from '../../src/picture/order';
import { apply, empty, LOG_LINES } from '../../src/picture/rows';
import { mayMove, REST_MS, settle } from '../../src/picture/settled';
import { NO_DATA, NONE, Stations } from '../../src/picture/stations';

const NOW = 1_789_000_000_000;
const LEVELS = [
  { id: 'white', name: '白', name_en: 'White', color: '#f4f4f4' },
  { id: 'blue', name: '蓝', name_en: 'Blue', color: '#1f5fbf' },
  { id: 'yellow', name: '黄', name_en: 'Yellow', color: '#f2c200' },
  { id: 'orange', name: '橙', name_en: 'Orange', color: '#e06c00' },
  { id: 'red', name: '红', name_en: 'Red', color: '#c4122f' },
];

function alert(id: string, level: string, minutesAgo: number, more: Partial<AlertView> = {}): AlertView {
  return {
    id, hazard: 'rainfall', place: `JM-${id}`, place_name: `站${id}`, place_name_en: `Station ${id}`, district: '440781', level, peak: level,
    value: 58.1, property: 'rainfall', unit: 'mm', rule: 'r', raised_ms: NOW - minutesAgo * 60_000, changed_ms: NOW, trend: 'rising', steps: 1, status: 'actual', ...more,
  };
}
const all = { tab: 'all' as const, level: null, zone: null, text: '' };

describe('the picture is a fold of changes', () => {
  it('replaces a row, removes one, and leaves what no change touches as it was', () => {
    const before = apply(empty(), [{ kind: 'alert', row: alert('1', 'red', 3) }, { kind: 'alert', row: alert('2', 'blue', 2) }]);
    const after = apply(before, [
      { kind: 'alert', row: alert('1', 'orange', 3) }, { kind: 'alert_gone', row: '2' },
      { kind: 'signal_gone', row: 'never was' },
    ]);
    expect([...after.alerts.values()].map((a) => [a.id, a.level])).toEqual([['1', 'orange']]);
    expect(before.alerts.get('1')?.level).toBe('red');
    expect(after.zones).toBe(before.zones);
  });

  it('keeps the newest lines of the log and passes over kinds of a later version', () => {
    const line = (seq: number): Change => ({ kind: 'log', row: { seq, at_ms: seq, by: 'platform', what: 'x', about: '', detail: '' } });
    const later = { kind: 'camera', row: { id: 'c' } } as unknown as Change;
    const rows = apply(empty(), [later, ...Array.from({ length: LOG_LINES + 7 }, (_, at) => line(at))]);
    expect(rows.log).toHaveLength(LOG_LINES);
    expect(rows.log.at(-1)?.seq).toBe(LOG_LINES + 6);
  });
});

describe('the list', () => {
  const ranks = new Levels(LEVELS).ranks;

  it('stands worst first, then oldest first, and an id breaks a tie', () => {
    const rows = [alert('c', 'yellow', 9), alert('b', 'red', 1), alert('a', 'red', 1), alert('d', 'red', 5), alert('e', 'nodata', 50)];
    expect(listed(rows, all, ranks, NOW).map((a) => a.id)).toEqual(['d', 'a', 'b', 'c', 'e']);
  });

  it('has every hazard before any feed, however many feeds are silent and however long', () => {
    const silent = Array.from({ length: 300 }, (_, n) => alert(`f${n}`, 'nodata', 600 + n, { hazard: 'feed', place: `JM-f${n}` }));
    const rows = listed([...silent, alert('h', 'white', 1), alert('z', 'red', 0)], all, ranks, NOW);
    expect(rows.slice(0, 2).map((a) => a.id)).toEqual(['z', 'h']);
    expect(rows.slice(2).every(isFeed)).toBe(true);
  });

  it('shows signed and shelved alerts oldest first, in lists of their own', () => {
    const signed = alert('s', 'blue', 90, { acknowledged_ms: NOW, acknowledged_by: 'w' });
    const shelved = alert('h', 'red', 10, { shelved_until_ms: NOW + 1 });
    const over = alert('o', 'red', 10, { shelved_until_ms: NOW - 1 });
    expect([signed, shelved, over].map((a) => tabOf(a, NOW))).toEqual(['acknowledged', 'shelved', 'unacknowledged']);
    expect(countTabs([signed, shelved, over], NOW)).toEqual({ unacknowledged: 1, acknowledged: 1, shelved: 1, all: 3 });
    const newer = alert('n', 'red', 1, { acknowledged_ms: NOW });
    expect([newer, signed].sort(compare('acknowledged', ranks)).map((a) => a.id)).toEqual(['s', 'n']);
  });

  it('never leaves an open alert out for its age', () => {
    expect(listed([alert('old', 'blue', 60 * 24 * 30)], { ...all, tab: 'unacknowledged' }, ranks, NOW)).toHaveLength(1);
  });

  it('counts open ones by level, without the cleared and the shelved', () => {
    const rows = [alert('1', 'red', 1), alert('2', 'red', 1, { acknowledged_ms: NOW }), alert('3', 'red', 1, { cleared_ms: NOW }), alert('4', 'red', 1, { shelved_until_ms: NOW + 9 })];
    expect(countLevels(rows, NOW).get('red')).toEqual({ open: 2, unsigned: 1 });
  });
});

describe('rows under the hand', () => {
  const exists = (): boolean => true;

  it('keep their places; what is new waits behind the chip', () => {
    expect(settle(['b', 'c'], ['a', 'b', 'c'], exists, false, null)).toEqual({ order: ['b', 'c'], waiting: ['a'] });
    expect(settle(['b', 'c'], ['c', 'b'], exists, false, null).order).toEqual(['b', 'c']);
  });

  it('take their places when the hand is away, and the selected row stays where it stood', () => {
    expect(settle(['b', 'c'], ['a', 'c'], exists, true, 'b').order).toEqual(['b', 'a', 'c']);
    expect(settle(['b', 'c'], ['a', 'c'], exists, true, null).order).toEqual(['a', 'c']);
    expect(settle(['b', 'c'], ['a', 'c'], (id) => id !== 'b', true, 'b').order).toEqual(['a', 'c']);
  });

  it('may move only two seconds after the pointer has left, and only at the top', () => {
    const away = { inside: false, leftAt: 1000, scrolledTo: 0, focusInside: false };
    expect(mayMove(away, 1000 + REST_MS)).toBe(true);
    expect(mayMove(away, 999 + REST_MS)).toBe(false);
    expect(mayMove({ ...away, inside: true }, 9e9)).toBe(false);
    expect(mayMove({ ...away, scrolledTo: 120 }, 9e9)).toBe(false);
    expect(mayMove({ ...away, focusInside: true }, 9e9)).toBe(false);
  });
});

describe('a flood', () => {
  it('begins above ten in ten minutes and lasts until fewer than five', () => {
    const seen = new Map(Array.from({ length: 11 }, (_, at) => [String(at), NOW - at * 1000]));
    seen.set('old', NOW - 600_001);
    expect(rate(seen, NOW)).toBe(11);
    expect([inFlood(false, 10), inFlood(false, 11), inFlood(true, 5), inFlood(true, 4)]).toEqual([false, true, true, false]);
  });

  it('groups by incident, else by zone and cause, with the first-out alert of each', () => {
    const rows = [alert('1', 'red', 2), alert('2', 'yellow', 8), alert('3', 'blue', 1, { hazard: 'gale' }), alert('4', 'blue', 3, { incident: 'I-1' })];
    const groups = grouped(rows, new Levels(LEVELS).ranks);
    expect(groups.map((g) => [g.key, g.rows.length, g.first.id, g.worst.id])).toEqual([
      ['z:440781:rainfall', 2, '2', '1'], ['z:440781:gale', 1, '3', '3'], ['i:I-1', 1, '4', '4'],
    ]);
    const sea = { hazard: 'gale', district: null };
    const agency = { hazard: 'feed', district: null, place: 'agency:sea' };
    const beyond = grouped([alert('5', 'red', 1, sea), alert('6', 'red', 2, sea), alert('7', 'blue', 1, agency)], new Levels(LEVELS).ranks);
    expect(beyond.map((g) => [g.key, g.rows.length])).toEqual([['z:outside:gale', 2], ['z:agency:sea:feed', 1]]);
  });
});

describe('levels are data', () => {
  it('gives shapes from the worst down, a fifth level too, and hides the low ones in a flood', () => {
    const levels = new Levels(LEVELS);
    expect(levels.worstFirst.map((l) => l.shape)).toEqual(['triangle', 'diamond', 'circle', 'square', 'ring']);
    expect(['red', 'yellow', 'blue', 'white', 'nodata'].map((id) => levels.isLow(id))).toEqual([false, false, true, true, false]);
  });

  it('writes on every colour with at least 4.5 to 1', () => {
    for (const l of LEVELS) expect(contrast(l.color, inkOn(l.color)), l.id).toBeGreaterThanOrEqual(4.5);
  });
});

describe('station states', () => {
  it('stand in typed arrays; an unknown level is no data, a number out of the list is passed over', () => {
    const station = { id: 'S', name: '', name_en: '', agency: 'a', lon: 1, lat: 2, datastreams: [] };
    const s = new Stations([station, { ...station, id: 'T' }], LEVELS);
    s.apply([{ ix: 0, level: 'none', data: 'live', values: [] }, { ix: 1, level: 'purple', data: 'odd', values: [] }, { ix: 9, level: 'red', data: 'live', values: [] }]);
    expect([...s.level]).toEqual([NONE, NO_DATA]);
    expect([s.dataState(0), s.dataState(1), s.levelId(0)]).toEqual(['live', 'never', 'none']);
  });
});
