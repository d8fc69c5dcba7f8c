// Lines and areas of reports: a closed road, a district without power, damaged works. Patterns in ink,
// never a level's colour. What is told by zones alone is outlined by them, unfilled.
import Feature, { type FeatureLike } from 'ol/Feature';
import type Geometry from 'ol/geom/Geometry';
import MultiLineString from 'ol/geom/MultiLineString';
import MultiPolygon from 'ol/geom/MultiPolygon';
import VectorSource from 'ol/source/Vector';
import Fill from 'ol/style/Fill';
import Stroke from 'ol/style/Stroke';
import Style from 'ol/style/Style';
import type { SituationView } from '../contract/types';
import type { MapPalette } from './palette';

/** Kinds that are drawn so. */
export const SHAPED = ['closure', 'outage', 'damage'] as const;
const BY_ZONES = new Set(['outage', 'damage']);

/** Whether a report is drawn as a line or an area. */
export const isShaped = (row: SituationView): boolean =>
  !row.over && row.merged_into == null
  && (row.shape != null || (BY_ZONES.has(row.kind) && (row.zones?.length ?? 0) > 0));

export class ReportShapes {
  readonly source = new VectorSource();
  private palette: MapPalette | null = null;
  private selected: string | null = null;
  private fills: Partial<Record<string, Fill>> = {};

  put(rows: ReadonlyMap<string, SituationView>, zone: (id: string) => Geometry | undefined): void {
    this.source.clear();
    for (const [id, row] of rows) {
      if (!isShaped(row)) continue;
      for (const geometry of geometries(row, zone)) {
        this.source.addFeature(new Feature({ geometry, id, kind: row.kind, filled: row.shape != null }));
      }
    }
  }

  dress(palette: MapPalette, selected: string | null): void {
    if (this.palette !== palette) {
      // Dots: lines are the sign for no data.
      this.fills = { outage: new Fill({ color: dots(palette.ink) as never }) };
    }
    this.palette = palette;
    this.selected = selected;
    this.source.changed();
  }

  style(feature: FeatureLike): Style[] {
    const p = this.palette;
    if (p === null) return [];
    const kind = String(feature.get('kind'));
    const chosen = feature.get('id') === this.selected;
    const zIndex = chosen ? 5 : kind === 'closure' ? 3 : 1;
    const under = new Style({ stroke: new Stroke({ color: chosen ? p.ink : p.halo, width: chosen ? 10 : 7 }), zIndex });
    if (kind === 'closure') {
      return [
        under,
        new Style({ stroke: new Stroke({ color: chosen ? p.raised : p.ink, width: 5 }), zIndex }),
        new Style({ stroke: new Stroke({ color: chosen ? p.ink : p.raised, width: 3, lineDash: [7, 9], lineCap: 'butt' }), zIndex }),
      ];
    }
    const line = new Stroke({ color: chosen ? p.raised : p.ink, width: chosen ? 4 : 2.4, lineDash: kind === 'outage' ? [3, 5] : [10, 4, 2, 4], lineCap: 'butt' });
    const fill = feature.get('filled') === true ? this.fills[kind] : undefined;
    return [under, new Style({ stroke: line, ...(fill === undefined ? {} : { fill }), zIndex })];
  }
}

function geometries(row: SituationView, zone: (id: string) => Geometry | undefined): Geometry[] {
  if (row.shape == null) return (row.zones ?? []).flatMap((id) => zone(id)?.clone() ?? []);
  const made: Geometry[] = [];
  if (row.shape.lines.length > 0) made.push(new MultiLineString(row.shape.lines as number[][][]));
  if (row.shape.areas.length > 0) made.push(new MultiPolygon(row.shape.areas as number[][][][]));
  return made.map((geometry) => geometry.transform('EPSG:4326', 'EPSG:3857'));
}

const TILE = 8;

/** Dots of a colour on nothing. */
function dots(color: string): CanvasPattern | string {
  const tile = document.createElement('canvas');
  tile.width = tile.height = TILE;
  const pen = tile.getContext('2d');
  if (pen === null) return color;
  pen.fillStyle = color;
  pen.beginPath();
  pen.arc(TILE / 2, TILE / 2, 1.3, 0, Math.PI * 2);
  pen.fill();
  return pen.createPattern(tile, 'repeat') ?? color;
}
