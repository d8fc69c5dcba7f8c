// Districts and townships: shaded by what is believed of them. What is not known is hatched, never
// left looking calm.
import type Feature from 'ol/Feature';
import type { FeatureLike } from 'ol/Feature';
import Fill from 'ol/style/Fill';
import Stroke from 'ol/style/Stroke';
import Style from 'ol/style/Style';
import Text from 'ol/style/Text';
import type { ZoneView } from '../contract/types';
import type { Levels } from '../picture/levels';
import { hatch, mix, riskColor, type MapPalette } from './palette';

export type Shading = 'level' | 'risk';

/** Below this zoom districts are shaded, from it on townships. */
export const TOWNSHIPS_FROM_ZOOM = 10.4;
/** A zone with less of its exposed cells covered by data than this is hatched over its shade. */
const MOSTLY = 0.5;

/** Whether what is known of a zone rests on a lesser part of it. */
export const isPartly = (z: ZoneView): boolean =>
  z.level !== 'nodata' && z.risk != null && z.covered < MOSTLY;

export interface ZoneLook {
  zones: ReadonlyMap<string, ZoneView>;
  levels: Levels;
  shading: Shading;
  selected: string | null;
  /** Zones of the signal that is chosen. */
  signalled: ReadonlySet<string>;
  palette: MapPalette;
  font: string;
  nameOf: (feature: FeatureLike) => string;
}

/** Makes the fills once a look, not once a feature. */
export class ZonePainter {
  private look: ZoneLook;
  private readonly fills = new Map<string, Fill>();
  private readonly unknown: Fill;
  private readonly veil: Fill;

  constructor(look: ZoneLook) {
    this.look = look;
    const p = look.palette;
    this.unknown = new Fill({ color: hatch(p.land, p.hatch) as never });
    this.veil = new Fill({ color: hatch('', p.hatch, 11) as never });
  }

  private fill(color: string): Fill {
    let fill = this.fills.get(color);
    if (fill === undefined) {
      fill = new Fill({ color });
      this.fills.set(color, fill);
    }
    return fill;
  }

  private shade(zone: ZoneView | undefined): Fill {
    const { palette: p, levels, shading } = this.look;
    if (zone === undefined || zone.level === 'nodata') return this.unknown;
    if (shading === 'risk') {
      return zone.risk == null ? this.unknown : this.fill(riskColor(p, zone.risk));
    }
    const dress = levels.of(zone.level);
    return this.fill(dress.rank === 0 ? p.land : mix(p.land, dress.color, p.night ? 0.42 : 0.4));
  }

  area(feature: FeatureLike): Style[] {
    const p = this.look.palette;
    const township = feature.get('kind') === 'township';
    const zone = this.look.zones.get(String(feature.get('id')));
    const stroke = new Stroke({ color: township ? mix(p.land, p.edge, 0.45) : p.edge, width: township ? 0.7 : 1.2 });
    const styles = [new Style({ fill: this.shade(zone), stroke })];
    const partly = zone !== undefined && isPartly(zone);
    if (partly) styles.push(new Style({ fill: this.veil }));
    return styles;
  }

  isSelected(feature: FeatureLike): boolean {
    return feature.get('id') === this.look.selected || this.isSignalled(feature);
  }

  private isSignalled(feature: FeatureLike): boolean {
    return this.look.signalled.has(String(feature.get('id')));
  }

  outline(feature: FeatureLike): Style[] {
    const p = this.look.palette;
    if (this.isSignalled(feature)) {
      // A double line, as the plate of the signal has it.
      return [new Style({ stroke: new Stroke({ color: p.ink, width: 6 }), zIndex: 2 }), new Style({ stroke: new Stroke({ color: p.raised, width: 2 }), zIndex: 2 })];
    }
    const chosen = this.isSelected(feature);
    if (!chosen) return [new Style({ stroke: new Stroke({ color: p.edge, width: 1.3 }) })];
    return [new Style({ stroke: new Stroke({ color: p.ink, width: 4 }), zIndex: 2 })];
  }

  label(feature: FeatureLike): Style {
    const p = this.look.palette;
    const township = feature.get('kind') === 'township';
    return new Style({
      text: new Text({
        text: this.look.nameOf(feature),
        font: `${township ? '500 12px' : '700 15px'} ${this.look.font}`,
        fill: new Fill({ color: p.ink }),
        stroke: new Stroke({ color: p.halo, width: 3.5 }),
        overflow: true,
      }),
    });
  }
}

export const idOf = (feature: Feature | FeatureLike): string => String(feature.get('id'));
