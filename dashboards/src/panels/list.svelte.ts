// The state of the alert list: what is wanted by the filter, what is shown while an officer's hand
// is on it, groups in a flood, and which row the keys move to.
import type { AlertView } from '../contract/types';
import { FLOOD_ABOVE, grouped, isFeed, type Group } from '../picture/flood';
import { listed } from '../picture/order';
import { picture } from '../picture/picture.svelte';
import { mayMove, settle, REST_MS, type Touch } from '../picture/settled';
import { clock } from '../time/clock.svelte';
import { view } from '../ui/view.svelte';

export type Line =
  | { kind: 'row'; key: string; alert: AlertView; inGroup: boolean; first: boolean }
  | { kind: 'group'; key: string; group: Group; open: boolean };

class List {
  order = $state.raw<string[]>([]);
  waiting = $state.raw<string[]>([]);
  /** Rows left or changed places behind the officer's hand. */
  changed = $state(false);
  open = $state.raw<ReadonlySet<string>>(new Set());
  showLow = $state(false);
  /** Whether the list stands grouped: it follows the flood, but not under the officer's hand. */
  isGrouped = $state(false);
  lowHidden = $state(0);
  /** Which filter the shown order belongs to. */
  private shownFor = '';
  private touch: Touch = { inside: false, leftAt: -REST_MS, scrolledTo: 0, focusInside: false };
  private again: ReturnType<typeof setTimeout> | null = null;

  lines = $derived.by(() => this.makeLines());

  touched(change: Partial<Touch>): void {
    if (change.inside === false && this.touch.inside) this.touch.leftAt = performance.now();
    Object.assign(this.touch, change);
    if (change.inside === false) this.later();
    else if (change.scrolledTo !== undefined || change.focusInside === false) this.refresh();
  }

  private later(): void {
    if (this.again !== null) clearTimeout(this.again);
    this.again = setTimeout(() => {
      this.again = null;
      this.refresh();
    }, REST_MS + 20);
  }

  /** Brings the list up to date as far as the officer's hand allows; `force`: the chip was used. */
  refresh(force = false): void {
    const filter = { tab: view.tab, level: view.level, zone: view.zone, text: view.text };
    const rows = listed(picture.rows.alerts.values(), filter, picture.levels.ranks, clock.second);
    const resting = force || mayMove(this.touch, performance.now());
    if (resting) this.isGrouped = picture.flood;
    const hide = this.isGrouped && !this.showLow && view.level === null;
    const wanted = hide ? rows.filter((a) => !picture.levels.isLow(a.level)) : rows;
    this.lowHidden = rows.length - wanted.length;
    const forFilter = JSON.stringify([filter, this.showLow, this.isGrouped]);
    const turned = forFilter !== this.shownFor;
    this.shownFor = forFilter;
    const selected = !turned && view.selected?.kind === 'alert' ? view.selected.id : null;
    const move = resting || turned;
    const ids = wanted.map((a) => a.id);
    const shown = settle(this.order, ids, (id) => picture.rows.alerts.has(id), move, selected);
    if (!same(shown.order, this.order)) this.order = shown.order;
    if (!same(shown.waiting, this.waiting)) this.waiting = shown.waiting;
    this.changed = !move && shown.waiting.length === 0 && !same(shown.order, ids);
  }

  private makeLines(): Line[] {
    const rows: AlertView[] = [];
    for (const id of this.order) {
      const a = picture.rows.alerts.get(id);
      if (a !== undefined) rows.push(a);
    }
    const row = (alert: AlertView, inGroup: boolean, first: boolean): Line => ({
      kind: 'row', key: alert.id, alert, inGroup, first,
    });
    if (!this.isGrouped) {
      // Hazards one by one; feeds stand below them, together where they are many.
      const feeds = rows.filter(isFeed);
      const byLevel = view.tab === 'unacknowledged' || view.tab === 'all';
      if (!byLevel || feeds.length <= FLOOD_ABOVE) return rows.map((a) => row(a, false, false));
      return [...rows.filter((a) => !isFeed(a)).map((a) => row(a, false, false)), ...this.groups(feeds, row)];
    }
    return this.groups(rows, row);
  }

  private groups(rows: AlertView[], row: (a: AlertView, inGroup: boolean, first: boolean) => Line): Line[] {
    const lines: Line[] = [];
    for (const g of grouped(rows, picture.levels.ranks)) {
      if (g.rows.length === 1) {
        lines.push(row(g.first, false, false));
        continue;
      }
      const open = this.open.has(g.key);
      lines.push({ kind: 'group', key: `g:${g.key}`, group: g, open });
      if (open) for (const a of g.rows) lines.push(row(a, true, a.id === g.first.id));
    }
    return lines;
  }

  toggle(key: string): void {
    const next = new Set(this.open);
    if (!next.delete(key)) next.add(key);
    this.open = next;
  }

  groupOf(id: string): Group | null {
    for (const line of this.lines) {
      if (line.kind === 'group' && line.group.rows.some((a) => a.id === id)) return line.group;
    }
    return null;
  }

  /** The alert the keys go to from the selected one: of a closed group, its first-out stands for it. */
  step(by: 1 | -1): string | null {
    const ids: string[] = [];
    let at = -1;
    const selected = view.selected?.kind === 'alert' ? view.selected.id : null;
    for (const line of this.lines) {
      if (line.kind === 'row') ids.push(line.alert.id);
      else if (!line.open) ids.push(line.group.first.id);
      else continue;
      const here = line.kind === 'row'
        ? line.alert.id === selected
        : line.group.rows.some((a) => a.id === selected);
      if (here) at = ids.length - 1;
    }
    if (ids.length === 0) return null;
    if (at === -1) return (by === 1 ? ids[0] : ids[ids.length - 1]) ?? null;
    return ids[Math.max(0, Math.min(ids.length - 1, at + by))] ?? null;
  }

  reset(): void {
    this.touch = { inside: false, leftAt: -REST_MS, scrolledTo: 0, focusInside: false };
    this.shownFor = '';
  }
}

const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((id, at) => id === b[at]);

export const list = new List();
