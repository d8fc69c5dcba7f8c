import { describe, expect, it } from 'vitest';
import type { SituationView } from '../../src/contract/types';
import { groupsOf } from '../../src/panels/situations';

const row = (id: string, t_ms: number, more: Partial<SituationView> = {}): SituationView => ({
  id, kind: 'hotline', agency: 'h', agency_name: 'h', agency_name_en: 'h', sender_id: id, t_ms, received_ms: t_ms,
  state: 'open', title: '内涝积水', text: `水深 ${id}`, precision: 'unknown', located_by: 'nothing', matched: [], facts: [],
  sent: 1, stage: 'new', over: false, sources: [], ...more,
});
const likely = (id: string): Pick<SituationView, 'likely'> => ({ likely: { with: id, words: 80, minutes: 3 } });
const of = (...rows: SituationView[]): ReadonlyMap<string, SituationView> => new Map(rows.map((r) => [r.id, r]));

describe('reports in groups', () => {
  it('are one line for a burst about one thing, newest first', () => {
    const rows = of(row('a', 1), row('b', 2, likely('a')), row('c', 9, likely('b')), row('d', 5), row('e', 3, { merged_into: 'd' }));
    const groups = groupsOf(rows, null, false, '');
    expect(groups.map((g) => [g.lead.id, g.rows.length])).toEqual([['a', 3], ['d', 2]]);
  });

  it('hold together though the first of them is not on this seat, and though two point at each other', () => {
    const groups = groupsOf(of(row('b', 2, likely('a')), row('c', 3, likely('a'))), null, false, '');
    expect(groups.map((g) => g.rows.length)).toEqual([2]);
    expect(groupsOf(of(row('x', 1, likely('y')), row('y', 2, likely('x'))), null, false, '').flatMap((g) => g.rows)).toHaveLength(2);
  });

  it('are filtered by kind and words, and leave out what needs nobody', () => {
    const rows = of(row('a', 1, { over: true }), row('b', 2, { kind: 'food' }), row('c', 3, { text: '大树' }));
    expect(groupsOf(rows, null, false, '').map((g) => g.lead.id)).toEqual(['c', 'b']);
    expect(groupsOf(rows, 'food', false, '').map((g) => g.lead.id)).toEqual(['b']);
    expect(groupsOf(rows, null, true, '水深').map((g) => g.lead.id)).toEqual(['b', 'a']);
  });
});
