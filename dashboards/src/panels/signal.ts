// The name of an official signal: 「台风红色预警信号」. The office's own wording where it gave the whole.
import type { SignalView } from '../contract/types';
import { picture } from '../picture/picture.svelte';
import { named, settings, t, w } from '../ui/settings.svelte';

export function signalName(s: SignalView): string {
  if (/预警|警报|信号/.test(s.signal)) return s.signal;
  const dress = picture.levels.of(s.color);
  const name = dress.rank === 0 ? s.color : named(dress);
  const level = t('level.colour', { name: settings.language === 'en' ? name.toLowerCase() : name });
  return t('signal.name', { kind: w('signal.kind', s.signal), level });
}

export const areaNames = (ids: readonly string[]): string =>
  ids.map((id) => {
    const zone = picture.zoneNames.get(id);
    return zone === undefined ? id : named(zone);
  }).join(settings.language === 'en' ? ', ' : '、');
