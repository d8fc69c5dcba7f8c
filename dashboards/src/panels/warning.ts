// What an external warning is called, in the seat's language where the sender wrote in it.
import type { WarningInfoView, WarningView } from '../contract/types';
import { picture } from '../picture/picture.svelte';
import { named, settings } from '../ui/settings.svelte';

/** The part in the seat's language, else the first. */
export function warningInfo(w: WarningView): WarningInfoView | undefined {
  return w.infos.find((i) => i.language.toLowerCase().startsWith(settings.language)) ?? w.infos[0];
}

export function warningName(w: WarningView): string {
  const info = warningInfo(w);
  return info?.headline ?? info?.event ?? w.note ?? w.identifier;
}

/** Its places: zones of the city by name, others as the sender words them. */
export function warningPlaces(w: WarningView): string {
  const areas = warningInfo(w)?.areas ?? [];
  const words = areas.map((a) => {
    const zones = a.zones.map((id) => picture.zoneNames.get(id)).filter((z) => z !== undefined);
    return zones.length > 0 ? zones.map((z) => named(z)).join(' ') : a.description;
  });
  return words.join(settings.language === 'en' ? ', ' : '、');
}
