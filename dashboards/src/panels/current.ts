// The alert and the incident that the keys and forms are about: those of the selection.
import type { AlertView, IncidentView, TaskView } from '../contract/types';
import { picture } from '../picture/picture.svelte';
import { view } from '../ui/view.svelte';

export function currentAlert(): AlertView | undefined {
  return view.selected?.kind === 'alert' ? picture.alert(view.selected.id) : undefined;
}

export function currentIncident(): IncidentView | undefined {
  if (view.selected?.kind === 'incident') return picture.rows.incidents.get(view.selected.id);
  const of = currentAlert()?.incident;
  return of == null ? undefined : picture.rows.incidents.get(of);
}

/** Steps of a task in the order of a good run. */
export const STEPS = ['sent', 'accepted', 'en_route', 'on_scene', 'done'] as const;

const WEIGHT: Record<string, number> = {
  refused: 1, proposed: 2, sent: 3, delivered: 3, accepted: 4, en_route: 5, on_scene: 6, done: 8, cancelled: 9,
};

/** Overdue first, then refused, then what waits to be sent, then by how far it is; nearest deadline first. */
export function tasksOf(incident: string): TaskView[] {
  const rows = [...picture.rows.tasks.values()].filter((task) => task.incident === incident);
  const weight = (task: TaskView): number =>
    task.overdue && task.state !== 'done' && task.state !== 'cancelled' ? 0 : (WEIGHT[task.state] ?? 7);
  return rows.sort((a, b) =>
    weight(a) - weight(b) || (a.due_ms ?? Infinity) - (b.due_ms ?? Infinity) || (a.id < b.id ? -1 : 1));
}
