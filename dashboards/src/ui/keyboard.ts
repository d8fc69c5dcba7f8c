// The keys of the desk. No Ctrl or Alt; not while a text is being written; not while an input method
// composes; and they can be switched off.
import { picture } from '../picture/picture.svelte';
import { alarm } from '../sound/alarm.svelte';
import { TABS } from '../picture/order';
import { currentAlert, currentIncident } from '../panels/current';
import { acknowledgeGroup, doDispatch, doIncident } from '../panels/acts';
import { list } from '../panels/list.svelte';
import { plansFor } from '../panels/plans';
import { desk } from './desk.svelte';
import { seat } from './seat.svelte';
import { settings, t } from './settings.svelte';
import { view } from './view.svelte';

const WRITING = new Set(['INPUT', 'TEXTAREA', 'SELECT']);

function isWriting(e: KeyboardEvent): boolean {
  const at = e.target as HTMLElement | null;
  if (at === null) return false;
  if (at instanceof HTMLInputElement && (at.type === 'radio' || at.type === 'checkbox')) return false;
  return WRITING.has(at.tagName) || at.isContentEditable;
}

/** Tells, at the alert, why a key did nothing. */
function refuse(about: string, why: string): void {
  desk.fail(about, why);
}

function acknowledge(): void {
  const alert = currentAlert();
  if (alert === undefined) return;
  const why = desk.whyNotAcknowledge(alert);
  if (why === null) void desk.acknowledge(alert);
  else if (alert.acknowledged_ms == null) refuse(alert.id, why);
}

function shelve(): void {
  const alert = currentAlert();
  if (alert === undefined) return;
  const why = desk.whyNotShelve(alert);
  if (why === null) view.form = 'shelve';
  else refuse(alert.id, why);
}

function incident(): void {
  const alert = currentAlert();
  if (alert === undefined) return;
  const why = desk.whyNotIncident(alert);
  if (why === null) doIncident(alert);
  else refuse(alert.id, why);
}

function dispatch(): void {
  const alert = currentAlert();
  const why = desk.whyNotDispatch(currentIncident());
  if (why === null) doDispatch();
  else if (alert !== undefined) refuse(alert.id, why);
}

function plan(): void {
  const current = currentIncident();
  const alert = currentAlert();
  const why = desk.whyNotPlan(current);
  if (current === undefined || why !== null) {
    if (alert !== undefined && why !== null) refuse(alert.id, why);
    return;
  }
  const next = plansFor(current, picture.city?.plans ?? []).find((p) => !current.plans.includes(p.id));
  if (next === undefined) refuse(current.id, t('why.started'));
  else void desk.send(current.id, { do: 'start_plan', incident: current.id, plan: next.id });
  view.select('incident', current.id);
  view.lower = 'tasks';
}

function zone(): void {
  const alert = currentAlert();
  const id = alert?.district ?? (view.selected?.kind === 'zone' ? view.selected.id : null);
  view.filter({ zone: view.zone !== null ? null : (id ?? null) });
}

function step(by: 1 | -1): void {
  const id = list.step(by);
  if (id !== null) view.select('alert', id);
}

function open(): void {
  const alert = currentAlert();
  const group = alert === undefined ? null : list.groupOf(alert.id);
  if (group !== null) list.toggle(group.key);
}

function back(): void {
  if (view.form !== null) view.form = null;
  else if (view.why) view.why = false;
  else if (view.help) view.help = false;
  else if (view.layers) view.layers = false;
  else if (view.path === '/feeds' && !desk.isAgency) view.go('/');
  else if (view.zone !== null || view.level !== null || view.text !== '') view.clearFilter();
}

function news(): void {
  list.refresh(true);
  document.getElementById('alerts')?.scrollTo({ top: 0 });
}

const KEYS: Record<string, () => void> = {
  j: () => step(1), ArrowDown: () => step(1), k: () => step(-1), ArrowUp: () => step(-1),
  a: acknowledge, A: acknowledgeGroup, s: shelve, e: incident, t: dispatch, p: plan, g: zone,
  w: () => currentAlert() !== undefined && (view.why = !view.why),
  m: () => alarm.mute(), n: () => settings.turnNight(), l: () => (view.layers = !view.layers),
  f: () => desk.isAgency || view.go(view.path === '/feeds' ? '/' : '/feeds'),
  '/': () => document.getElementById('search')?.focus(),
  '?': () => (view.help = !view.help), End: news,
  ...Object.fromEntries(TABS.map((tab, at) => [String(at + 1), () => view.show(tab)])),
};

/** Does what a key does: every key is also a button. */
export function press(key: string): void {
  KEYS[key]?.();
}

/** Keys that also do something of their own on a focused button or link. */
const NATIVE = new Set(['Enter', ' ']);

export function onKey(e: KeyboardEvent): void {
  if (e.isComposing || e.keyCode === 229 || e.altKey || e.metaKey || seat.stage !== 'ready') return;
  if (e.key === 'Escape') {
    if (isWriting(e)) (e.target as HTMLElement).blur();
    return back();
  }
  if (e.ctrlKey) {
    // The one chord: a form that has a text of several lines is sent with Ctrl+Enter.
    if (e.key === 'Enter') (e.target as HTMLElement).closest('form')?.requestSubmit();
    return;
  }
  if (isWriting(e) || !settings.shortcuts) return;
  if (NATIVE.has(e.key)) {
    if (e.key === 'Enter' && !(e.target instanceof HTMLButtonElement)) open();
    return;
  }
  const key = e.shiftKey ? e.key : e.key.length === 1 ? e.key.toLowerCase() : e.key;
  const act = KEYS[key];
  if (act === undefined || (view.path === '/feeds' && !['f', 'n', 'm'].includes(key))) return;
  e.preventDefault();
  act();
}
