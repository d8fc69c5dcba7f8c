// Which plans are for an incident. Pure.
import type { IncidentView, PlanView } from '../contract/types';

/** Plans for the hazard of the incident's alert first, then those for any. */
export function plansFor(incident: IncidentView, plans: readonly PlanView[]): PlanView[] {
  const hazard = incident.alert.split('@')[0] ?? '';
  const own = plans.filter((p) => p.hazards.includes(hazard));
  const any = plans.filter((p) => p.hazards.length === 0);
  const started = plans.filter((p) => incident.plans.includes(p.id));
  return [...new Set([...started, ...own, ...any])];
}
