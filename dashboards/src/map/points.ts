// Units and hospitals: black on white, so that they are never taken for a level.
import Feature from 'ol/Feature';
import type { FeatureLike } from 'ol/Feature';
import Point from 'ol/geom/Point';
import { fromLonLat } from 'ol/proj';
import VectorSource from 'ol/source/Vector';
import Fill from 'ol/style/Fill';
import Icon from 'ol/style/Icon';
import Stroke from 'ol/style/Stroke';
import Style from 'ol/style/Style';
import Text from 'ol/style/Text';
import type { HospitalView, UnitView } from '../contract/types';
import type { MapPalette } from './palette';

/** Units that stand by are drawn from this zoom on; those under way always. */
const IDLE_FROM_ZOOM = 10;
const HOSPITALS_FROM_ZOOM = 9.8;

type Badge = 'unit' | 'busy' | 'hospital' | 'strained' | 'diverting' | 'suspended' | 'unheard' | 'distress';

function badge(p: MapPalette, kind: Badge): HTMLCanvasElement {
  const size = 36;
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = size;
  const pen = canvas.getContext('2d');
  if (pen === null) return canvas;
  const [fg, bg] = kind === 'distress' ? [p.alarmInk, p.alarm] : [p.ink, p.raised];
  pen.lineWidth = 2.5;
  pen.strokeStyle = fg;
  pen.fillStyle = kind === 'busy' ? fg : bg;
  pen.beginPath();
  if (kind === 'distress') {
    // A filled disc with a mark that no level has.
    pen.arc(18, 18, 15, 0, 2 * Math.PI);
    pen.fill();
    pen.stroke();
    pen.fillStyle = fg;
    pen.fillRect(15, 7, 6, 14);
    pen.fillRect(15, 24, 6, 5);
  } else if (kind === 'hospital' || kind === 'strained' || kind === 'diverting' || kind === 'suspended' || kind === 'unheard') {
    // A cross in a square: open; underlined where it is strained, half filled where it asks for diversion,
    // dark where it takes nobody, broken where nothing is known of it or its reports are overdue.
    if (kind === 'unheard') pen.setLineDash([4, 4]);
    pen.rect(5, 5, 26, 26);
    pen.fill();
    pen.stroke();
    pen.setLineDash([]);
    pen.fillStyle = fg;
    if (kind === 'strained') pen.fillRect(5, 27, 26, 4);
    if (kind === 'diverting') pen.fillRect(5, 18, 26, 13);
    if (kind === 'suspended') {
      pen.fillRect(5, 5, 26, 26);
      pen.fillStyle = bg;
    }
    pen.fillRect(15, 10, 6, 16);
    pen.fillRect(10, 15, 16, 6);
  } else {
    // A pennant: a unit on the move or standing by.
    pen.moveTo(8, 32);
    pen.lineTo(8, 4);
    pen.lineTo(30, 11);
    pen.lineTo(8, 19);
    pen.fill();
    pen.stroke();
  }
  return canvas;
}

const inDistress = (row: UnitView | HospitalView): boolean => 'distress_ms' in row && row.distress_ms != null;

/** The mark of a hospital: by how it takes patients, or that nothing is known of it. */
export const hospitalBadge = (row: HospitalView, overdue: boolean): Badge =>
  row.t_ms == null || row.traffic == null || overdue ? 'unheard'
  : row.traffic === 'suspended' ? 'suspended'
  : row.traffic === 'divert_advised' ? 'diverting'
  : row.traffic === 'strained' ? 'strained' : 'hospital';
const closed = (row: UnitView | HospitalView): boolean => 'traffic' in row && row.traffic === 'suspended';

export interface PointLook {
  palette: MapPalette;
  selected: string | null;
  font: string;
  name: (row: UnitView | HospitalView) => string;
  /** The word for a unit in distress. */
  cry: string;
  /** Hospitals whose reports are overdue. */
  overdue: ReadonlySet<string>;
}

export class Points {
  readonly source = new VectorSource();
  private icons: Record<Badge, Icon> | null = null;
  private look: PointLook | null = null;
  private kept = new Map<string, UnitView | HospitalView>();

  dress(look: PointLook): void {
    this.look = look;
    const icon = (kind: Badge, scale = 0.5): Icon => new Icon({ img: badge(look.palette, kind), scale });
    this.icons = { unit: icon('unit'), busy: icon('busy'), hospital: icon('hospital'), strained: icon('strained'), diverting: icon('diverting'), suspended: icon('suspended'), unheard: icon('unheard'), distress: icon('distress', 0.8) };
    this.source.changed();
  }

  /** Puts the rows in: a row that is the same object as before is left as it is. */
  put(kind: 'unit' | 'hospital', rows: ReadonlyMap<string, UnitView | HospitalView>): void {
    for (const [id, row] of rows) {
      const key = `${kind}:${id}`;
      if (this.kept.get(key) === row) continue;
      this.kept.set(key, row);
      const point = new Point(fromLonLat([row.lon, row.lat]));
      const old = this.source.getFeatureById(key);
      if (old instanceof Feature) {
        old.setProperties({ row });
        old.setGeometry(point);
      } else {
        const feature = new Feature({ geometry: point, row, kind });
        feature.setId(key);
        this.source.addFeature(feature);
      }
    }
  }

  /** The drawn mark within `reach` pixels of a place on screen. */
  at(x: number, y: number, zoom: number, toPixel: (c: number[]) => number[] | null, reach = 12): Feature | null {
    let best: Feature | null = null;
    let nearest = reach * reach;
    for (const feature of this.source.getFeatures()) {
      const point = feature.getGeometry();
      if (!(point instanceof Point) || !this.isShown(feature, zoom)) continue;
      const at = toPixel(point.getCoordinates());
      if (at === null) continue;
      const d = ((at[0] ?? 0) - x) ** 2 + ((at[1] ?? 0) - y) ** 2;
      if (d < nearest) [nearest, best] = [d, feature];
    }
    return best;
  }

  private isShown(feature: FeatureLike, zoom: number): boolean {
    const row = feature.get('row') as UnitView | HospitalView;
    const kind = feature.get('kind') as 'unit' | 'hospital';
    if (this.look?.selected === `${kind}:${row.id}`) return true;
    if (kind === 'hospital') return zoom >= HOSPITALS_FROM_ZOOM || closed(row);
    return (row as UnitView).state !== 'idle' || inDistress(row) || zoom >= IDLE_FROM_ZOOM;
  }

  style(feature: FeatureLike, zoom: number): Style | undefined {
    const look = this.look;
    if (look === null || this.icons === null || !this.isShown(feature, zoom)) return undefined;
    const row = feature.get('row') as UnitView | HospitalView;
    const kind = feature.get('kind') as 'unit' | 'hospital';
    const chosen = look.selected === `${kind}:${row.id}`;
    const busy = kind === 'unit' && (row as UnitView).state !== 'idle';
    const cries = inDistress(row);
    const style = new Style({ image: this.icons[cries ? 'distress' : busy ? 'busy' : kind === 'hospital' ? hospitalBadge(row as HospitalView, look.overdue.has(row.id)) : kind], zIndex: cries ? 10 : chosen ? 9 : busy ? 5 : 1 });
    if (cries || chosen || (busy && zoom >= 10.5)) {
      style.setText(new Text({
        text: cries ? `${look.cry} ${look.name(row)}` : look.name(row), font: `600 12px ${look.font}`, offsetY: -16,
        fill: new Fill({ color: look.palette.ink }),
        stroke: new Stroke({ color: look.palette.halo, width: 3 }),
      }));
    }
    return style;
  }
}
