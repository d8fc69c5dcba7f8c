// The map itself: layers in their order. It owns no state and knows no panel: what it shows is handed
// to it, what is clicked is handed back.
import type { FeatureLike } from 'ol/Feature';
import GeoJSON from 'ol/format/GeoJSON';
import type Geometry from 'ol/geom/Geometry';
import MultiPolygon from 'ol/geom/MultiPolygon';
import Polygon from 'ol/geom/Polygon';
import Point from 'ol/geom/Point';
import { defaults as interactions } from 'ol/interaction/defaults';
import VectorLayer from 'ol/layer/Vector';
import OlMap from 'ol/Map';
import { fromLonLat } from 'ol/proj';
import VectorSource from 'ol/source/Vector';
import Fill from 'ol/style/Fill';
import Stroke from 'ol/style/Stroke';
import Style from 'ol/style/Style';
import Text from 'ol/style/Text';
import View from 'ol/View';
import { Bulletins } from './bulletins';
import type { MapPalette } from './palette';
import { Points } from './points';
import { Reports } from './reports';
import { ReportShapes } from './shapes';
import type { StampLayer } from './stamps';
import { WarningShapes } from './warnings';
import { idOf, TOWNSHIPS_FROM_ZOOM, type ZonePainter } from './zones';

const GEO = new GeoJSON({ featureProjection: 'EPSG:3857' });

export interface Hit {
  kind: 'station' | 'unit' | 'hospital' | 'zone' | 'situation' | 'quake' | 'track';
  /** Id, or a station's number as text. */
  id: string;
}

export class BaseMap {
  readonly map: OlMap;
  readonly points = new Points();
  readonly warnings = new WarningShapes();
  readonly reports = new Reports();
  readonly shapes = new ReportShapes();
  readonly bulletins = new Bulletins();
  painter: ZonePainter | null = null;
  private readonly zones = new VectorSource();
  private readonly rivers = new VectorSource();
  private readonly stamps: StampLayer;
  private readonly layers: Record<'area' | 'outline' | 'label' | 'river' | 'points' | 'warning' | 'report' | 'shape' | 'bulletin', VectorLayer>;
  private palette: MapPalette | null = null;
  private font = 'sans-serif';
  private homeExtent: number[] | null = null;
  /** Whether a person has moved the map: then it stays where they put it. */
  private moved = false;

  constructor(target: HTMLElement, center: number[], zoom: number, stamps: StampLayer) {
    this.stamps = stamps;
    const now = (): number => this.map.getView().getZoom() ?? 0;
    const fine = (): boolean => now() >= TOWNSHIPS_FROM_ZOOM;
    const zoneLayer = (style: (f: FeatureLike) => Style[] | Style | undefined): VectorLayer =>
      new VectorLayer({ source: this.zones, style, updateWhileAnimating: true, updateWhileInteracting: true });
    this.layers = {
      area: zoneLayer((f) => {
        const kind = f.get('kind');
        return (fine() ? kind === 'township' : kind === 'district') ? this.painter?.area(f) : undefined;
      }),
      river: new VectorLayer({ source: this.rivers, style: (f) => this.river(f, now()) }),
      outline: zoneLayer((f) =>
        f.get('kind') === 'district' || (fine() && this.painter?.isSelected(f) === true)
          ? this.painter?.outline(f) : undefined),
      label: new VectorLayer({
        source: this.zones, declutter: true,
        style: (f) => this.label(f, fine(), now()),
      }),
      warning: new VectorLayer({ source: this.warnings.source, style: (f) => this.warnings.style(f) }),
      report: new VectorLayer({ source: this.reports.source, style: (f) => this.reports.style(f) }),
      shape: new VectorLayer({ source: this.shapes.source, style: (f) => this.shapes.style(f) }),
      bulletin: new VectorLayer({ source: this.bulletins.source, style: (f) => this.bulletins.style(f, now()) }),
      points: new VectorLayer({ source: this.points.source, style: (f) => this.points.style(f, now()) }),
    };
    this.map = new OlMap({
      target, controls: [],
      interactions: interactions({ altShiftDragRotate: false, pinchRotate: false, keyboard: false }),
      layers: [this.layers.area, this.layers.river, this.layers.outline, this.layers.warning, this.layers.shape, stamps, this.layers.bulletin, this.layers.points, this.layers.label, this.layers.report],
      view: new View({ center: fromLonLat(center), zoom, minZoom: 5, maxZoom: 17, enableRotation: false }),
    });
  }

  setZones(geojson: unknown): void {
    this.zones.clear();
    this.zones.addFeatures(GEO.readFeatures(geojson));
    this.homeExtent = this.zones.getExtent();
  }

  /** The outline of a zone. */
  outlineOf(id: string): Geometry | undefined {
    return this.zones.getFeatures().find((f) => idOf(f) === id)?.getGeometry();
  }

  addRivers(geojson: unknown): void {
    this.rivers.addFeatures(GEO.readFeatures(geojson));
  }

  show(layer: 'rivers' | 'units' | 'reports', on: boolean): void {
    if (layer === 'reports') this.layers.shape.setVisible(on);
    this.layers[({ rivers: 'river', units: 'points', reports: 'report' } as const)[layer]].setVisible(on);
  }

  dress(painter: ZonePainter, palette: MapPalette, font: string): void {
    this.painter = painter;
    this.palette = palette;
    this.font = font;
    for (const layer of Object.values(this.layers)) layer.changed();
    this.stamps.changed();
  }

  private river(feature: FeatureLike, zoom: number): Style {
    const p = this.palette;
    const style = new Style({ stroke: new Stroke({ color: p?.river ?? '#888', width: zoom > 10 ? 2.4 : 1.6 }) });
    if (zoom >= 9.9 && p !== null) {
      style.setText(new Text({
        text: String(feature.get('name') ?? ''), placement: 'line', font: `italic 12px ${this.font}`,
        fill: new Fill({ color: p.ink }), stroke: new Stroke({ color: p.halo, width: 2.5 }),
      }));
    }
    return style;
  }

  private label(feature: FeatureLike, fine: boolean, zoom: number): Style | undefined {
    const kind = feature.get('kind');
    if (kind !== 'district' && !(fine && kind === 'township')) return undefined;
    if (kind === 'district' && zoom > 12) return undefined;
    const style = this.painter?.label(feature);
    const geometry = (feature as { getGeometry(): Geometry | undefined }).getGeometry();
    if (style !== undefined && geometry !== undefined) style.setGeometry(inside(geometry));
    return style;
  }

  /** The whole city, above `below` pixels that the legend takes. */
  home(below: number): void {
    this.moved = false;
    if (this.homeExtent === null) return;
    const narrow = (this.map.getSize()?.[0] ?? 0) < 800;
    this.map.getView().fit(this.homeExtent, { padding: [narrow ? 50 : 30, 24, below, 24], duration: 0 });
  }

  /** Calls `fit` when the map or what lies over its foot changes size, and nobody has moved it. */
  keepFitted(foot: Element | null, fit: () => void): void {
    const again = (): void => {
      if (!this.moved) fit();
    };
    this.map.on('change:size', again);
    if (foot !== null) {
      const sight = new ResizeObserver(again);
      sight.observe(foot);
      this.map.once('change:target', () => sight.disconnect());
    }
    this.map.on('pointerdrag', () => (this.moved = true));
    this.map.getTargetElement()?.addEventListener('wheel', () => (this.moved = true), { passive: true });
  }

  zoom(by: number): void {
    this.moved = true;
    const view = this.map.getView();
    view.animate({ zoom: (view.getZoom() ?? 9) + by, duration: 120 });
  }

  /** Brings a place into sight without changing the zoom when it is there already. */
  reveal(lon: number, lat: number): void {
    const view = this.map.getView();
    const at = fromLonLat([lon, lat]);
    const [x0, y0, x1, y1] = view.calculateExtent(this.map.getSize()) as [number, number, number, number];
    const [x, y] = at as [number, number];
    const [mx, my] = [(x1 - x0) * 0.05, (y1 - y0) * 0.05];
    const inSight = x > x0 + mx && x < x1 - mx && y > y0 + my && y < y1 - my;
    if (!inSight) this.moved = true;
    if (!inSight) view.animate({ center: at, duration: 150 });
  }

  hit(pixel: number[]): Hit | null {
    const [x, y] = pixel as [number, number];
    const zoom = this.map.getView().getZoom() ?? 0;
    const point = this.layers.points.getVisible()
      ? this.points.at(x, y, zoom, (c) => this.map.getPixelFromCoordinate(c)) : null;
    if (point !== null) {
      return { kind: point.get('kind') as Hit['kind'], id: (point.get('row') as { id: string }).id };
    }
    const report = this.layers.report.getVisible()
      ? this.reports.at(x, y, (c) => this.map.getPixelFromCoordinate(c)) : null;
    if (report !== null) return { kind: 'situation', id: report };
    const said = this.bulletins.at(x, y, (c) => this.map.getPixelFromCoordinate(c));
    if (said !== null) return { kind: said.get('kind') as Hit['kind'], id: (said.get('row') as { id: string }).id };
    const ix = this.stamps.at(x, y);
    if (ix !== null) return { kind: 'station', id: String(ix) };
    const shape = this.map.forEachFeatureAtPixel(pixel, (f) => String(f.get('id')), { layerFilter: (l) => l === this.layers.shape, hitTolerance: 4 });
    if (shape !== undefined) return { kind: 'situation', id: shape };
    const fine = zoom >= TOWNSHIPS_FROM_ZOOM;
    const want = fine ? 'township' : 'district';
    const at = this.map.getCoordinateFromPixel(pixel);
    const zone = this.zones.getFeaturesAtCoordinate(at).find((f) => f.get('kind') === want);
    return zone === undefined ? null : { kind: 'zone', id: idOf(zone) };
  }
}

/** Where a label stands: inside the largest part. */
const places = new WeakMap<Geometry, Point>();
function inside(geometry: Geometry): Point {
  const known = places.get(geometry);
  if (known !== undefined) return known;
  let polygon = geometry;
  if (geometry instanceof MultiPolygon) {
    polygon = geometry.getPolygons().reduce((a, b) => (b.getArea() > a.getArea() ? b : a));
  }
  const at = polygon instanceof Polygon ? polygon.getInteriorPoint().getCoordinates() : [0, 0];
  const point = new Point(at.slice(0, 2));
  places.set(geometry, point);
  return point;
}
