// Reports in groups: what was merged, and what may be the same, stands in one row, so that a burst of
// hundreds is a few lines. Pure.
import type { SituationView } from '../contract/types';

export interface Group {
  /** The earliest of what may be one thing. */
  lead: SituationView;
  rows: SituationView[];
  newest: number;
}

/** Groups shown at once; the rest is counted. */
export const GROUPS_SHOWN = 60;

/** The id of the first report that this one was merged into, or looks like; that one need not be here. */
function rootOf(row: SituationView, rows: ReadonlyMap<string, SituationView>): string {
  let at = row.id;
  const seen = new Set<string>();
  while (!seen.has(at)) {
    seen.add(at);
    const here = rows.get(at);
    const next = here?.merged_into ?? here?.likely?.with;
    if (next == null) break;
    at = next;
  }
  return at;
}

export function groupsOf(
  rows: ReadonlyMap<string, SituationView>, kind: string | null, withOver: boolean, text: string,
): Group[] {
  const groups = new Map<string, Group>();
  const wanted = text.trim();
  for (const row of rows.values()) {
    if (kind !== null && row.kind !== kind) continue;
    if (!withOver && row.over) continue;
    if (wanted !== '' && !`${row.title}${row.text}${row.address ?? ''}${row.sender_id}`.includes(wanted)) continue;
    const root = rootOf(row, rows);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, { lead: rows.get(root) ?? row, rows: [row], newest: row.t_ms });
    else {
      group.rows.push(row);
      group.newest = Math.max(group.newest, row.t_ms);
    }
  }
  return [...groups.values()].sort((a, b) => b.newest - a.newest || (a.lead.id < b.lead.id ? -1 : 1));
}
