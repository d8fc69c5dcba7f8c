// Where a selected thing lies.
import { picture } from '../picture/picture.svelte';
import type { Selected } from '../ui/view.svelte';

export interface At {
  lon: number;
  lat: number;
}

/** The place of a selection; null for what has none (zones, agencies, signals). */
export function placeOf(selected: Selected): At | null {
  switch (selected.kind) {
    case 'alert': {
      const alert = picture.alert(selected.id);
      return alert === undefined ? null : stationAt(alert.place);
    }
    case 'station':
      return stationAt(selected.id);
    case 'unit':
      return picture.rows.units.get(selected.id) ?? null;
    case 'situation': {
      const s = picture.rows.situations.get(selected.id);
      return s?.lon == null || s.lat == null ? null : { lon: s.lon, lat: s.lat };
    }
    case 'hospital':
      return picture.rows.hospitals.get(selected.id) ?? null;
    case 'quake':
      return picture.rows.earthquakes.get(selected.id) ?? null;
    case 'track': {
      const track = picture.rows.tracks.get(selected.id);
      return track?.points.at(-1) ?? track?.forecast[0] ?? null;
    }
    default:
      return null;
  }
}

/** Number of the station a selection is about; null for what is about none. */
export function stationOf(selected: Selected): number | null {
  const id = selected.kind === 'alert' ? picture.alert(selected.id)?.place : selected.kind === 'station' ? selected.id : undefined;
  return id === undefined ? null : (picture.stations.byId.get(id) ?? null);
}

export function stationAt(id: string): At | null {
  const ix = picture.stations.byId.get(id);
  return ix === undefined ? (picture.rows.hospitals.get(id) ?? null) : (picture.stations.rows[ix] ?? null);
}

/** Kilometres between two places, haversine on a sphere of 6371 km. */
export function distanceKm(a: At, b: At): number {
  const rad = Math.PI / 180;
  const h =
    Math.sin(((b.lat - a.lat) * rad) / 2) ** 2 +
    Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * Math.sin(((b.lon - a.lon) * rad) / 2) ** 2;
  return 2 * 6371 * Math.asin(Math.sqrt(h));
}
