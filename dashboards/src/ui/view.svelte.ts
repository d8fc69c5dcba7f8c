// What this seat is looking at. It lives in the URL, so that the same address opens the same view
// on another seat: one selection, which list, map, strip and detail all read.
import { TABS, type Tab } from '../picture/order';

export type Kind = 'alert' | 'zone' | 'station' | 'unit' | 'hospital' | 'incident' | 'signal' | 'warning' | 'situation' | 'quake' | 'track';
const KINDS: readonly string[] = ['alert', 'zone', 'station', 'unit', 'hospital', 'incident', 'signal', 'warning', 'situation', 'quake', 'track'];

export interface Selected {
  kind: Kind;
  id: string;
}

export type Form = 'shelve' | 'incident' | 'dispatch' | 'note' | 'close' | 'takeback' | null;
export type Part = 'streams' | 'letters' | 'keys' | 'start' | 'record' | 'catalogue';
const PARTS: readonly string[] = ['streams', 'letters', 'keys', 'start', 'record', 'catalogue'];
export type Lower = 'tasks' | 'reports' | 'resources' | 'log';

class View {
  path = $state('/');
  selected = $state.raw<Selected | null>(null);
  tab = $state<Tab>('unacknowledged');
  level = $state<string | null>(null);
  zone = $state<string | null>(null);
  text = $state('');
  /** On the feeds' screen: whose, by which channel, and which part of it. */
  agency = $state<string | null>(null);
  feed = $state<string | null>(null);
  part = $state<Part>('streams');
  // What follows is of the moment and not in the URL.
  form = $state<Form>(null);
  /** The task a dispatch form is for; null for a new one. */
  formTask = $state<string | null>(null);
  why = $state(false);
  help = $state(false);
  layers = $state(false);
  lower = $state<Lower>('tasks');

  constructor() {
    this.read();
    window.addEventListener('popstate', () => this.read());
  }

  private read(): void {
    const query = new URLSearchParams(location.search);
    this.path = location.pathname;
    const sel = query.get('sel') ?? '';
    const kind = sel.slice(0, sel.indexOf(':'));
    this.selected = KINDS.includes(kind)
      ? { kind: kind as Kind, id: sel.slice(kind.length + 1) }
      : null;
    const tab = query.get('tab') as Tab | null;
    this.tab = tab !== null && TABS.includes(tab) ? tab : 'unacknowledged';
    this.level = query.get('level');
    this.zone = query.get('zone');
    this.text = query.get('q') ?? '';
    this.agency = query.get('agency');
    this.feed = query.get('feed');
    const part = query.get('part') ?? '';
    this.part = PARTS.includes(part) ? (part as Part) : 'streams';
  }

  private write(): void {
    const query = new URLSearchParams();
    if (this.selected !== null) query.set('sel', `${this.selected.kind}:${this.selected.id}`);
    if (this.tab !== 'unacknowledged') query.set('tab', this.tab);
    if (this.level !== null) query.set('level', this.level);
    if (this.zone !== null) query.set('zone', this.zone);
    if (this.text !== '') query.set('q', this.text);
    if (this.agency !== null) query.set('agency', this.agency);
    if (this.feed !== null) query.set('feed', this.feed);
    if (this.part !== 'streams') query.set('part', this.part);
    const text = query.toString();
    history.replaceState(null, '', this.path + (text === '' ? '' : `?${text}`));
  }

  select(kind: Kind, id: string): void {
    const same = this.selected?.kind === kind && this.selected.id === id;
    this.selected = { kind, id };
    if (!same) {
      this.form = null;
      this.why = false;
    }
    this.write();
  }

  unselect(): void {
    this.selected = null;
    this.form = null;
    this.why = false;
    this.write();
  }

  is(kind: Kind, id: string): boolean {
    return this.selected?.kind === kind && this.selected.id === id;
  }

  showFeed(change: { agency?: string | null; feed?: string | null; part?: Part }): void {
    if (change.agency !== undefined) this.agency = change.agency;
    if (change.feed !== undefined) this.feed = change.feed;
    if (change.part !== undefined) this.part = change.part;
    this.write();
  }

  show(tab: Tab): void {
    this.tab = tab;
    this.write();
  }

  filter(change: { level?: string | null; zone?: string | null; text?: string }): void {
    if (change.level !== undefined) this.level = change.level;
    if (change.zone !== undefined) this.zone = change.zone;
    if (change.text !== undefined) this.text = change.text;
    this.write();
  }

  clearFilter(): void {
    this.filter({ level: null, zone: null, text: '' });
  }

  go(path: string): void {
    if (path === this.path) return;
    this.path = path;
    history.pushState(null, '', path);
    this.read();
  }
}

export const view = new View();
