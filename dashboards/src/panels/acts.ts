// What a key or a button does, where both do the same.
import type { AlertView } from '../contract/types';
import { desk } from '../ui/desk.svelte';
import { t } from '../ui/settings.svelte';
import { view } from '../ui/view.svelte';
import { currentAlert, currentIncident, tasksOf } from './current';
import { list } from './list.svelte';

/** Within this the second press for a whole group must come. */
const AGAIN_MS = 3_000;

let groupAskedAt = Number.NEGATIVE_INFINITY;
let groupAsked = '';

/** 事件: to the incident of the alert where there is one, else the form that opens one. */
export function doIncident(alert: AlertView): void {
  if (alert.incident != null) {
    view.select('incident', alert.incident);
    view.lower = 'tasks';
  } else {
    view.form = 'incident';
  }
}

/** 下达: the first task that waits to be sent, else a new one. */
export function doDispatch(): void {
  const incident = currentIncident();
  if (incident === undefined || desk.whyNotDispatch(incident) !== null) return;
  view.formTask = tasksOf(incident.id).find((task) => task.state === 'proposed')?.id ?? null;
  view.form = 'dispatch';
}

/** 签收 the whole group: the first press says how many, a second within three seconds does it. */
export function acknowledgeGroup(): void {
  const alert = currentAlert();
  if (alert === undefined) return;
  const group = list.groupOf(alert.id);
  const rows = (group?.rows ?? [alert]).filter((a) => desk.whyNotAcknowledge(a) === null);
  const key = group?.key ?? alert.id;
  const now = performance.now();
  if (groupAsked === key && now - groupAskedAt <= AGAIN_MS) {
    groupAsked = '';
    desk.fail(alert.id, null);
    for (const a of rows) void desk.acknowledge(a);
    return;
  }
  groupAsked = key;
  groupAskedAt = now;
  desk.fail(alert.id, t('list.groupack', { n: rows.length }));
  setTimeout(() => {
    if (performance.now() - groupAskedAt >= AGAIN_MS) desk.fail(alert.id, null);
  }, AGAIN_MS + 50);
}
