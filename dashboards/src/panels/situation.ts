// What can be done about a report, and why not.
import type { FactView, SituationView } from '../contract/types';
import { when } from '../time/clock.svelte';
import { desk } from '../ui/desk.svelte';
import { t, w } from '../ui/settings.svelte';
import { hasTerm } from '../words/words';

export const SITUATION_ACTS = ['verify', 'assign', 'conclude', 'feed_back'] as const;
export type SituationAct = (typeof SITUATION_ACTS)[number] | 'merge' | 'keep_apart' | 'split';

/** Why an act is not for now; null where it is. */
export function whyNot(row: SituationView, act: SituationAct): string | null {
  const right = desk.whyNot(act);
  if (right !== null) return right;
  if (act === 'merge' || act === 'keep_apart' || act === 'split') return null;
  if (row.merged_into != null) return t('sit.why.merged');
  if (act === 'assign' && (row.stage === 'concluded' || row.stage === 'fed_back')) return t('sit.why.done');
  if (act === 'conclude' && row.stage !== 'assigned') return row.stage === 'new' ? t('sit.why.assigned') : t('sit.why.done');
  if (act === 'feed_back' && row.stage !== 'concluded') return t('sit.why.concluded');
  return null;
}

/** A figure or word of a report, in the seat's words. */
export function factText(fact: FactView): string {
  if (fact.value === 'true') return w('sit.fact', fact.name);
  const value = fact.name.endsWith('_ms') ? when(Number(fact.value))
    : hasTerm('sit.value', fact.value) ? w('sit.value', fact.value) : fact.value;
  return `${w('sit.fact', fact.name)} ${value}`;
}

/** The sender's own id in a key. */
export const ownId = (key: string): string => key.split('@')[2] ?? key;
