// Reports of agencies on the map: a shape and a sign for each kind, in ink on paper, so that none is
// taken for a level. What was merged stands once; what needs nobody any more is not drawn.
import Feature, { type FeatureLike } from 'ol/Feature';
import Point from 'ol/geom/Point';
import { fromLonLat } from 'ol/proj';
import VectorSource from 'ol/source/Vector';
import Icon from 'ol/style/Icon';
import Style from 'ol/style/Style';
import type { SituationView } from '../contract/types';
import type { MapPalette } from './palette';

const SIDE = 44;
const MIDDLE = SIDE / 2;
const REACH = 17;

/** The outline of a kind. */
function outline(pen: CanvasRenderingContext2D, kind: string): void {
  const [c, r] = [MIDDLE, REACH];
  pen.beginPath();
  if (kind === 'hotline' || kind === 'call') pen.arc(c, c, r, 0, Math.PI * 2);
  else if (kind === 'damage' || kind === 'hazard_point') {
    for (const [x, y] of [[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]] as const) pen.lineTo(c + x * r, c + y * r);
    pen.closePath();
  } else if (kind === 'food') {
    for (let n = 0; n < 6; n += 1) pen.lineTo(c + 1.1 * r * Math.cos((n * Math.PI) / 3), c + 1.1 * r * Math.sin((n * Math.PI) / 3));
    pen.closePath();
  } else pen.rect(c - r * 0.92, c - r * 0.92, r * 1.84, r * 1.84);
}

function badge(kind: string, sign: string, p: MapPalette, font: string, chosen: boolean): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIDE;
  const pen = canvas.getContext('2d');
  if (pen === null) return canvas;
  outline(pen, kind);
  pen.fillStyle = chosen ? p.ink : p.raised;
  pen.fill();
  pen.strokeStyle = p.ink;
  pen.lineWidth = kind === 'call' || kind === 'damage' ? 4 : 2.2;
  if (kind === 'forecast') pen.setLineDash([5, 4]);
  pen.stroke();
  pen.fillStyle = chosen ? p.raised : p.ink;
  pen.font = `700 19px ${font}`;
  pen.textAlign = 'center';
  pen.textBaseline = 'middle';
  pen.fillText(sign, MIDDLE, MIDDLE + 1);
  return canvas;
}

export class Reports {
  readonly source = new VectorSource();
  private readonly kept = new Map<string, SituationView>();
  private readonly icons = new Map<string, Icon>();
  private make: ((kind: string, chosen: boolean) => Icon) | null = null;
  private selected: string | null = null;

  dress(palette: MapPalette, font: string, sign: (kind: string) => string, selected: string | null): void {
    this.icons.clear();
    this.selected = selected;
    this.make = (kind, chosen) =>
      new Icon({ img: badge(kind, sign(kind), palette, font, chosen), scale: 0.5 });
    this.source.changed();
  }

  put(rows: ReadonlyMap<string, SituationView>): void {
    for (const id of [...this.kept.keys()]) {
      const row = rows.get(id);
      if (row !== undefined && drawn(row)) continue;
      const old = this.source.getFeatureById(id);
      if (old instanceof Feature) this.source.removeFeature(old);
      this.kept.delete(id);
    }
    for (const [id, row] of rows) {
      if (!drawn(row) || this.kept.get(id) === row) continue;
      this.kept.set(id, row);
      const old = this.source.getFeatureById(id);
      if (old instanceof Feature) this.source.removeFeature(old);
      const feature = new Feature({ geometry: new Point(fromLonLat([row.lon ?? 0, row.lat ?? 0])), kind: row.kind });
      feature.setId(id);
      this.source.addFeature(feature);
    }
  }

  style(feature: FeatureLike): Style | undefined {
    if (this.make === null) return undefined;
    const chosen = feature.getId() === this.selected;
    const kind = String(feature.get('kind'));
    const key = `${kind}:${chosen}`;
    const icon = this.icons.get(key) ?? this.make(kind, chosen);
    this.icons.set(key, icon);
    return new Style({ image: icon, zIndex: chosen ? 9 : kind === 'hazard_point' ? 1 : 3 });
  }

  /** The report within `reach` pixels of a place on screen. */
  at(x: number, y: number, toPixel: (c: number[]) => number[] | null, reach = 12): string | null {
    let best: string | null = null;
    let nearest = reach * reach;
    for (const feature of this.source.getFeatures()) {
      const point = feature.getGeometry();
      const at = point instanceof Point ? toPixel(point.getCoordinates()) : null;
      if (at === null) continue;
      const d = ((at[0] ?? 0) - x) ** 2 + ((at[1] ?? 0) - y) ** 2;
      if (d < nearest) [nearest, best] = [d, String(feature.getId())];
    }
    return best;
  }
}

/** Whether a report is drawn: it has a point, stands for itself, and needs somebody. */
function drawn(row: SituationView): boolean {
  return row.lon != null && row.lat != null && row.merged_into == null && !row.over;
}
