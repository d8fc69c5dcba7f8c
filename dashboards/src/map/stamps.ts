// The pixel-stamp layer: every station's mark is written into one image, and the image put on screen
// once. Ten thousand stations cost a few milliseconds and no GPU.
import Layer from 'ol/layer/Layer';
import type { FrameState } from 'ol/Map';
import { fromLonLat } from 'ol/proj';
import { NONE, type Stations } from '../picture/stations';
import type { Sprite, Sprites } from './sprites';

/** From this zoom on normal stations are drawn too; abnormal ones always are. */
export const NORMAL_FROM_ZOOM = 10;
/** Radius of the ring round the selected station. */
const RING_PX = 12;

/** Copies a sprite onto the image, centred, over what is there. */
export function stamp(
  image: Uint32Array, width: number, height: number, s: Sprite, cx: number, cy: number,
): void {
  const half = s.side >> 1;
  const x0 = Math.round(cx) - half;
  const y0 = Math.round(cy) - half;
  for (let y = 0; y < s.side; y += 1) {
    const row = y0 + y;
    if (row < 0 || row >= height) continue;
    for (let x = 0; x < s.side; x += 1) {
      const column = x0 + x;
      if (column < 0 || column >= width) continue;
      const pixel = s.pixels[y * s.side + x] as number;
      const alpha = pixel >>> 24;
      if (alpha === 0) continue;
      const at = row * width + column;
      image[at] = alpha === 255 ? pixel : over(pixel, image[at] as number, alpha);
    }
  }
}

/** `top` over `under`, both RGBA little-endian and not premultiplied. */
function over(top: number, under: number, alpha: number): number {
  const behind = under >>> 24;
  if (behind === 0) return top;
  const keep = (behind * (255 - alpha)) / 255;
  const all = alpha + keep;
  const part = (shift: number): number =>
    Math.round((((top >>> shift) & 255) * alpha + ((under >>> shift) & 255) * keep) / all) << shift;
  return ((Math.round(all) << 24) | part(16) | part(8) | part(0)) >>> 0;
}

export class StampLayer extends Layer {
  sprites: Sprites | null = null;
  shown = true;
  /** Number of the selected station, ringed wherever it lies. */
  selected: number | null = null;
  ring = { ink: '#000000', halo: '#ffffff' };
  private readonly stations: Stations;
  private readonly x: Float64Array;
  private readonly y: Float64Array;
  private readonly canvas = document.createElement('canvas');
  private readonly pen: CanvasRenderingContext2D | null;
  private order: Uint32Array = new Uint32Array(0);
  private ordered = -1;
  /** Screen position of what was drawn last, for the pointer. */
  private seen: { ix: number; x: number; y: number }[] = [];

  constructor(stations: Stations) {
    super({});
    this.stations = stations;
    const n = stations.rows.length;
    this.x = new Float64Array(n);
    this.y = new Float64Array(n);
    for (let ix = 0; ix < n; ix += 1) {
      const at = fromLonLat([stations.lon[ix] as number, stations.lat[ix] as number]);
      this.x[ix] = at[0] as number;
      this.y[ix] = at[1] as number;
    }
    this.canvas.className = 'stamps';
    this.pen = this.canvas.getContext('2d', { willReadFrequently: true });
  }

  /** Calm ones first, the worst on top. */
  private sort(): void {
    const { level, version } = this.stations;
    if (this.ordered === version) return;
    this.ordered = version;
    this.order = Uint32Array.from(level.keys()).sort((a, b) => (level[a] as number) - (level[b] as number));
  }

  private spriteOf(ix: number, zoom: number): Sprite | null {
    const s = this.sprites;
    if (s === null) return null;
    const level = this.stations.level[ix] as number;
    if (level > NONE) return s.byCode[level] ?? null;
    const state = this.stations.dataState(ix);
    // What is dated long ago says as little of the present as what is not heard.
    if (state === 'dead' || state === 'clock') return zoom >= NORMAL_FROM_ZOOM - 1 ? s.dead : null;
    if (zoom < NORMAL_FROM_ZOOM) return null;
    return state === 'late' ? s.late : (s.byCode[level] ?? null);
  }

  override render(frame: FrameState | null): HTMLElement {
    if (frame === null || this.pen === null) return this.canvas;
    const ratio = frame.pixelRatio;
    const width = Math.round((frame.size[0] as number) * ratio);
    const height = Math.round((frame.size[1] as number) * ratio);
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.seen = [];
    const image = this.pen.createImageData(width, height);
    if (this.shown) {
      this.sort();
      const words = new Uint32Array(image.data.buffer);
      const t = frame.coordinateToPixelTransform as number[];
      const zoom = frame.viewState.zoom;
      for (const ix of this.order) {
        const sprite = this.spriteOf(ix, zoom);
        if (sprite === null) continue;
        const mx = this.x[ix] as number;
        const my = this.y[ix] as number;
        const px = (t[0] as number) * mx + (t[2] as number) * my + (t[4] as number);
        const py = (t[1] as number) * mx + (t[3] as number) * my + (t[5] as number);
        if (px < -20 || py < -20 || px > width / ratio + 20 || py > height / ratio + 20) continue;
        stamp(words, width, height, sprite, px * ratio, py * ratio);
        this.seen.push({ ix, x: px, y: py });
      }
    }
    this.pen.putImageData(image, 0, 0);
    this.drawRing(this.pen, frame, ratio);
    return this.canvas;
  }

  private drawRing(pen: CanvasRenderingContext2D, frame: FrameState, ratio: number): void {
    if (this.selected === null) return;
    const t = frame.coordinateToPixelTransform as number[];
    const [mx, my] = [this.x[this.selected] ?? 0, this.y[this.selected] ?? 0];
    const px = ((t[0] as number) * mx + (t[2] as number) * my + (t[4] as number)) * ratio;
    const py = ((t[1] as number) * mx + (t[3] as number) * my + (t[5] as number)) * ratio;
    for (const [color, width] of [[this.ring.halo, 5], [this.ring.ink, 2.5]] as const) {
      pen.beginPath();
      pen.arc(px, py, RING_PX * ratio, 0, Math.PI * 2);
      pen.strokeStyle = color;
      pen.lineWidth = width * ratio;
      pen.stroke();
    }
  }

  /** The uppermost station within `reach` pixels, by its number. */
  at(x: number, y: number, reach = 9): number | null {
    let best: number | null = null;
    let nearest = reach * reach;
    for (const s of this.seen) {
      const d = (s.x - x) ** 2 + (s.y - y) ** 2;
      if (d <= nearest) {
        nearest = d;
        best = s.ix;
      }
    }
    return best;
  }
}
