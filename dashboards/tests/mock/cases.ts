// Counts of cases on the mock: fourteen days of three codes, with days that nobody reported and a
// count that was corrected twice.
import type { CaseRow, CasesView } from '../../src/contract/types';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const CODES: CasesView['codes'] = [
  { code: 'dengue', name: '登革热', name_en: 'Dengue', syndrome: false, legal_class: 'B', report_limit_h: 24 },
  { code: 'ili', name: '流感样病例', name_en: 'Influenza-like illness', syndrome: true },
  { code: 'cholera', name: '霍乱', name_en: 'Cholera', syndrome: false, legal_class: 'A', report_limit_h: 2 },
];
/** By days ago; null: nobody said anything. */
const COUNTS: Record<string, (number | null)[]> = {
  dengue: [3, 5, null, 2, 0, 1, 0, null, null, 1, 0, 0, 1, 0],
  ili: [null, 84, 91, 77, 60, 58, 61, 66, 49, 52, 47, 50, 44, 41],
  cholera: [0, 1, 0],
};

export function cases(now: number, asked: URLSearchParams): CasesView {
  const date = (ago: number): string => new Date(now + 8 * HOUR - ago * DAY).toISOString().slice(0, 10);
  const row = (syndrome: string, ago: number, count: number): CaseRow => {
    const said = now - ago * DAY - 2 * HOUR;
    const twice = syndrome === 'dengue' && ago === 1;
    const was = (n: number, hours: number): NonNullable<CaseRow['history']>[number] => ({ count: n, reported_ms: said - hours * HOUR, received_ms: said - hours * HOUR + 60_000 });
    return {
      day: date(ago), place: '440703', place_name: '蓬江区', place_name_en: 'Pengjiang', syndrome, age: syndrome === 'ili' ? '0-4' : 'all',
      agency: 'health', count, deaths: syndrome === 'cholera' ? 0 : null, reported_ms: said, received_ms: said + 60_000,
      ...(twice ? { history: [was(9, 6), was(7, 3)] } : {}),
    };
  };
  const rows = CODES.flatMap(({ code }) => (COUNTS[code] ?? []).flatMap((n, ago) => (n === null ? [] : [row(code, ago, n)])));
  const [syndrome, from, limit] = [asked.get('syndrome'), asked.get('from') ?? '', Number(asked.get('limit') ?? 500)];
  const fit = rows.filter((r) => (syndrome === null || r.syndrome === syndrome) && r.day >= from).sort((a, b) => (a.day < b.day ? 1 : -1));
  return {
    codes: CODES.filter((c) => fit.some((r) => r.syndrome === c.code)),
    days: fit.map((r) => ({ syndrome: r.syndrome, day: r.day, count: r.count })), rows: fit.slice(0, limit), more: fit.length > limit,
  };
}
