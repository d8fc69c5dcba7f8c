// External warnings: where other offices say that something threatens. Dashed outlines with a light
// fill, apart from the zones that the platform itself has judged.
import Feature, { type FeatureLike } from 'ol/Feature';
import Polygon, { circular } from 'ol/geom/Polygon';
import VectorSource from 'ol/source/Vector';
import Fill from 'ol/style/Fill';
import Stroke from 'ol/style/Stroke';
import Style from 'ol/style/Style';
import type { WarningView } from '../contract/types';
import type { Levels } from '../picture/levels';
import { mix, type MapPalette } from './palette';

const METRES_IN_KM = 1000;
/** A circle as a polygon of so many corners. */
const CORNERS = 48;

/** The shapes of the warnings in force and held, once each however many languages they are in. */
export class WarningShapes {
  readonly source = new VectorSource();
  private levels: Levels | null = null;
  private palette: MapPalette | null = null;
  private selected: string | null = null;

  put(warnings: Iterable<WarningView>): void {
    this.source.clear();
    for (const warning of warnings) {
      const seen = new Set<string>();
      for (const info of warning.infos) {
        for (const area of info.areas) {
          for (const ring of area.polygons) this.add(warning, info.color, seen, new Polygon([ring]));
          for (const c of area.circles) {
            if (c.radius_km > 0) this.add(warning, info.color, seen, circular([c.lon, c.lat], c.radius_km * METRES_IN_KM, CORNERS));
          }
        }
      }
    }
  }

  private add(warning: WarningView, color: string, seen: Set<string>, shape: Polygon): void {
    const key = JSON.stringify(shape.getCoordinates());
    if (seen.has(key)) return;
    seen.add(key);
    const geometry = shape.transform('EPSG:4326', 'EPSG:3857') as Polygon;
    this.source.addFeature(new Feature({ geometry, warning: warning.id, color, held: warning.state === 'held' }));
  }

  dress(levels: Levels, palette: MapPalette, selected: string | null): void {
    this.levels = levels;
    this.palette = palette;
    this.selected = selected;
    this.source.changed();
  }

  style(feature: FeatureLike): Style[] {
    const p = this.palette;
    if (p === null || this.levels === null) return [];
    const dress = this.levels.of(String(feature.get('color')));
    const color = dress.rank === 0 ? p.ink : dress.color;
    const chosen = feature.get('warning') === this.selected;
    const dash = feature.get('held') === true ? [2, 6] : [9, 5];
    return [
      new Style({ stroke: new Stroke({ color: p.halo, width: chosen ? 6 : 4.4 }) }),
      new Style({
        fill: new Fill({ color: veil(color, chosen ? 0.2 : 0.1) }),
        stroke: new Stroke({ color: mix(p.ink, color, 0.75), width: chosen ? 3.2 : 2.2, lineDash: dash }),
      }),
    ];
  }
}

/** A colour `#rrggbb` as thin as `alpha`. */
function veil(color: string, alpha: number): string {
  const parts = /^#(..)(..)(..)$/.exec(color.trim())?.slice(1).map((hex) => parseInt(hex, 16));
  return parts === undefined ? `rgba(90,90,90,${alpha})` : `rgba(${parts.join(',')},${alpha})`;
}
