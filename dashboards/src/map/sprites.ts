// The marks of stations as little pixel images, drawn once a palette and then only copied.
import { GREY, type Dress, type Shape } from '../picture/levels';
import type { MapPalette } from './palette';

export interface Sprite {
  side: number;
  /** RGBA, little-endian words. */
  pixels: Uint32Array;
}

function path(pen: CanvasRenderingContext2D, shape: Shape, c: number, r: number): void {
  pen.beginPath();
  if (shape === 'triangle') {
    pen.moveTo(c, c - r);
    pen.lineTo(c + r, c + r * 0.8);
    pen.lineTo(c - r, c + r * 0.8);
    pen.closePath();
  } else if (shape === 'diamond') {
    pen.moveTo(c, c - r);
    pen.lineTo(c + r, c);
    pen.lineTo(c, c + r);
    pen.lineTo(c - r, c);
    pen.closePath();
  } else if (shape === 'square' || shape === 'hatch') {
    pen.rect(c - r * 0.78, c - r * 0.78, r * 1.56, r * 1.56);
  } else {
    pen.arc(c, c, r * 0.86, 0, Math.PI * 2);
  }
}

interface Look {
  shape: Shape;
  radius: number;
  fill: string | null;
  edge: string;
  width: number;
  struck?: boolean;
}

export function draw(look: Look, ratio: number): Sprite {
  const side = Math.ceil((look.radius + look.width + 1) * 2 * ratio) | 1;
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = side;
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  if (pen === null) return { side: 0, pixels: new Uint32Array(0) };
  path(pen, look.shape, side / 2, look.radius * ratio);
  pen.lineJoin = 'round';
  pen.lineWidth = look.width * ratio;
  pen.strokeStyle = look.edge;
  if (look.fill !== null) {
    pen.fillStyle = look.fill;
    pen.fill();
  }
  pen.stroke();
  if (look.struck === true) {
    const r = look.radius * ratio;
    pen.beginPath();
    pen.moveTo(side / 2 - r, side / 2 + r);
    pen.lineTo(side / 2 + r, side / 2 - r);
    pen.stroke();
  }
  return { side, pixels: new Uint32Array(pen.getImageData(0, 0, side, side).data.buffer) };
}

export interface Sprites {
  /** By level code of the stations: 0 no data, 1 none, 2 and up the city's levels. */
  byCode: Sprite[];
  late: Sprite;
  dead: Sprite;
}

/** Radius by how bad: the worst is the largest. */
const radius = (fromWorst: number): number => [7.5, 6.5, 5.5, 4.8][fromWorst] ?? 4.5;

export function sprites(worstFirst: readonly Dress[], p: MapPalette, ratio: number): Sprites {
  const levels = worstFirst.map((d, at): Sprite => {
    const lightInk = d.ink === '#ffffff';
    // A dark ground swallows red and blue, a light one yellow and orange: each has its outline.
    const edge = p.night ? (lightInk ? '#f0f3f5' : '#14181c') : (lightInk ? '#ffffff' : '#171c20');
    return draw({ shape: d.shape, radius: radius(at), fill: d.color, edge, width: 1.3 }, ratio);
  });
  const quiet = p.night ? '#8b969f' : '#5d6770';
  const ground = p.night ? '#1e2429' : '#ffffff';
  return {
    byCode: [
      draw({ shape: 'circle', radius: 3.2, fill: null, edge: GREY, width: 1.2 }, ratio),
      draw({ shape: 'circle', radius: 3.4, fill: quiet, edge: ground, width: 1 }, ratio),
      ...levels.reverse(),
    ],
    late: draw({ shape: 'circle', radius: 3.4, fill: ground, edge: p.late, width: 1.4 }, ratio),
    dead: draw({ shape: 'circle', radius: 4, fill: ground, edge: p.late, width: 1.4, struck: true }, ratio),
  };
}
