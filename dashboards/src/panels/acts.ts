// What a key or a button does, where both do the same.
import type { AlertView } from '../contract/types';
import { desk } from '../ui/desk.svelte';
import { view } from '../ui/view.svelte';
import { currentIncident, tasksOf } from './current';

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
