// Earthquakes and storms on the map: epicentres with rings of distance, tracks with their points, times
// and wind radii. Ink and hatch only: they have no level of the city's.
import Feature from 'ol/Feature';
import type { FeatureLike } from 'ol/Feature';
import type Geometry from 'ol/geom/Geometry';
import LineString from 'ol/geom/LineString';
import Point from 'ol/geom/Point';
import { circular } from 'ol/geom/Polygon';
import { fromLonLat } from 'ol/proj';
import { offset } from 'ol/sphere';
import VectorSource from 'ol/source/Vector';
import CircleStyle from 'ol/style/Circle';
import Fill from 'ol/style/Fill';
import RegularShape from 'ol/style/RegularShape';
import Stroke from 'ol/style/Stroke';
import Style from 'ol/style/Style';
import Text from 'ol/style/Text';
import type { EarthquakeView, TrackPointView, TrackView } from '../contract/types';
import type { MapPalette } from './palette';

/** Rings around the epicentre that is selected, km. */
export const RINGS_KM: readonly number[] = [50, 100, 200];
/** Corners of a circle. */
const CORNERS = 72;

export interface BulletinLook {
  palette: MapPalette;
  font: string;
  /** `quake:id` or `track:id`. */
  selected: string | null;
  time: (ms: number) => string;
}

const degrees = (deg: number): number => (deg * Math.PI) / 180;

/** The circle of a wind radius: where it reaches farther to one side its middle lies to that side. */
export function windCircle(at: { lon: number; lat: number }, r: TrackPointView['radii'][number]): { middle: number[]; km: number } {
  const km = (r.longest_km + r.shortest_km) / 2;
  const aside = (r.longest_km - r.shortest_km) / 2;
  const middle = r.toward_deg == null ? [at.lon, at.lat] : offset([at.lon, at.lat], aside * 1000, degrees(r.toward_deg));
  return { middle, km };
}

export class Bulletins {
  readonly source = new VectorSource();
  private look: BulletinLook | null = null;

  put(quakes: Iterable<EarthquakeView>, tracks: Iterable<TrackView>, look: BulletinLook): void {
    this.look = look;
    const features: Feature[] = [];
    for (const t of tracks) features.push(...this.track(t));
    for (const q of quakes) features.push(...this.quake(q));
    this.source.clear(true);
    this.source.addFeatures(features);
  }

  private quake(q: EarthquakeView): Feature[] {
    const mark = new Feature({ geometry: new Point(fromLonLat([q.lon, q.lat])), kind: 'quake', part: 'epicentre', row: q });
    if (this.look?.selected !== `quake:${q.id}`) return [mark];
    const rings = RINGS_KM.map((km) => {
      const ring = circular([q.lon, q.lat], km * 1000, CORNERS);
      ring.transform('EPSG:4326', 'EPSG:3857');
      return new Feature({ geometry: ring, kind: 'quake', part: 'ring', row: q, km });
    });
    return [...rings, mark];
  }

  private track(t: TrackView): Feature[] {
    const part = (geometry: Geometry, name: string, more: object = {}): Feature =>
      new Feature({ geometry, kind: 'track', part: name, row: t, ...more });
    const at = (p: TrackPointView): number[] => fromLonLat([p.lon, p.lat]);
    const features: Feature[] = [];
    const last = t.points.at(-1);
    const now = last ?? t.forecast[0];
    for (const r of now?.radii ?? []) {
      if (now === undefined) break;
      const { middle, km } = windCircle(now, r);
      const disc = circular(middle, km * 1000, CORNERS);
      disc.transform('EPSG:4326', 'EPSG:3857');
      features.push(part(disc, 'radius'));
    }
    if (t.points.length > 1) features.push(part(new LineString(t.points.map(at)), 'way'));
    const ahead = last === undefined ? t.forecast : [last, ...t.forecast];
    if (ahead.length > 1) features.push(part(new LineString(ahead.map(at)), 'ahead'));
    for (const p of t.points) features.push(part(new Point(at(p)), p === last ? 'here' : 'point', { point: p }));
    for (const p of t.forecast) features.push(part(new Point(at(p)), 'expected', { point: p }));
    return features;
  }

  style(feature: FeatureLike, zoom: number): Style | Style[] | undefined {
    const look = this.look;
    if (look === null) return undefined;
    const { ink, raised, halo } = look.palette;
    const row = feature.get('row') as { id: string };
    const chosen = look.selected === `${String(feature.get('kind'))}:${row.id}`;
    const line = (width: number, dash?: number[]): Stroke => new Stroke({ color: ink, width, ...(dash === undefined ? {} : { lineDash: dash }) });
    const text = (said: string, offsetY: number): Text => new Text({
      text: said, font: `600 12px ${look.font}`, offsetY, fill: new Fill({ color: ink }), stroke: new Stroke({ color: halo, width: 3 }),
    });
    const point = feature.get('point') as TrackPointView | undefined;
    switch (feature.get('part')) {
      case 'ring':
        return new Style({ stroke: line(1.2, [3, 5]), text: text(`${String(feature.get('km'))} km`, 0) });
      case 'epicentre': {
        const q = feature.get('row') as EarthquakeView;
        const radius = 6 + Math.max(0, Math.min(8, q.magnitude ?? 3));
        const star = new RegularShape({ points: 8, radius, radius2: radius / 2.4, fill: new Fill({ color: ink }), stroke: new Stroke({ color: raised, width: 1.5 }) });
        const size = q.magnitude == null ? '' : `${q.magnitude_kind || 'M'}${q.magnitude.toFixed(1)}`;
        return new Style({ image: star, text: text(`${size} ${look.time(q.t_ms)}`.trim(), -radius - 8), zIndex: 8 });
      }
      case 'radius':
        return new Style({ stroke: line(chosen ? 1.6 : 1, [6, 4]), fill: new Fill({ color: `${ink}${chosen ? '1f' : '12'}` }) });
      case 'way':
        return new Style({ stroke: line(chosen ? 3 : 2) });
      case 'ahead':
        return new Style({ stroke: line(chosen ? 2.4 : 1.6, [8, 6]) });
      case 'here':
        return [
          new Style({ image: new CircleStyle({ radius: 9, fill: new Fill({ color: raised }), stroke: line(2.5) }), zIndex: 7 }),
          new Style({ image: new CircleStyle({ radius: 4, fill: new Fill({ color: ink }) }), zIndex: 7, text: text(`${(feature.get('row') as TrackView).name} ${point === undefined ? '' : look.time(point.t_ms)}`, -17) }),
        ];
      default: {
        const open = feature.get('part') === 'expected';
        const image = new CircleStyle({ radius: chosen ? 4.5 : 3.5, fill: new Fill({ color: open ? raised : ink }), stroke: line(1.5) });
        const said = point !== undefined && (chosen || open) && zoom >= 7 ? text(look.time(point.t_ms), -12) : undefined;
        return new Style({ image, ...(said === undefined ? {} : { text: said }) });
      }
    }
  }

  /** What is drawn there, within `reach` pixels: an epicentre or a point of a track. */
  at(x: number, y: number, toPixel: (c: number[]) => number[] | null, reach = 12): Feature | null {
    let best: Feature | null = null;
    let nearest = reach * reach;
    for (const feature of this.source.getFeatures()) {
      const point = feature.getGeometry();
      if (!(point instanceof Point)) continue;
      const at = toPixel(point.getCoordinates());
      if (at === null) continue;
      const d = ((at[0] ?? 0) - x) ** 2 + ((at[1] ?? 0) - y) ** 2;
      if (d < nearest) [nearest, best] = [d, feature];
    }
    return best;
  }
}
