// The city's levels on screen: rank, shape, colour, colour of the text on it. Levels are data: a city
// may have four or five; shapes are given from the worst down.
import type { LevelView } from '../contract/types';

export type Shape = 'triangle' | 'diamond' | 'circle' | 'square' | 'ring' | 'hatch';
const SHAPES: readonly Shape[] = ['triangle', 'diamond', 'circle', 'square', 'ring'];
export const GREY = '#8a939b';

export interface Dress {
  id: string;
  name: string;
  name_en: string;
  shape: Shape;
  color: string;
  /** Text on the colour, black or white, whichever stands out more. */
  ink: string;
  /** 0 for no data and none, 1 for the city's lowest. */
  rank: number;
}

/** Relative luminance by WCAG 2. */
export function luminance(hex: string): number {
  const part = (at: number): number => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
}

/** Contrast by WCAG 2, 1 to 21. */
export function contrast(a: string, b: string): number {
  const [hi, lo] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (hi + 0.05) / (lo + 0.05);
}

export const inkOn = (color: string): string =>
  contrast(color, '#ffffff') >= contrast(color, '#000000') ? '#ffffff' : '#000000';

export class Levels {
  /** Worst first. */
  readonly worstFirst: Dress[];
  readonly ranks: ReadonlyMap<string, number>;
  private readonly byId: Map<string, Dress>;

  constructor(lowestFirst: readonly LevelView[]) {
    const n = lowestFirst.length;
    const dressed = lowestFirst.map((l, at): Dress => ({
      id: l.id, name: l.name, name_en: l.name_en, color: l.color, ink: inkOn(l.color), rank: at + 1,
      shape: SHAPES[Math.min(n - 1 - at, SHAPES.length - 1)] ?? 'ring',
    }));
    this.worstFirst = [...dressed].reverse();
    this.ranks = new Map(dressed.map((l) => [l.id, l.rank]));
    this.byId = new Map(dressed.map((l) => [l.id, l]));
  }

  of(id: string): Dress {
    return this.byId.get(id) ?? {
      id, name: '', name_en: '', shape: 'hatch', color: GREY, ink: '#000000', rank: 0,
    };
  }

  rank(id: string): number {
    return this.ranks.get(id) ?? 0;
  }

  /** Levels that a flood hides behind a counter: all below the city's three worst. */
  isLow(id: string): boolean {
    const rank = this.rank(id);
    return rank > 0 && rank <= this.worstFirst.length - 3;
  }
}
