// The map's colours, read from the palette of the document, so that there is one place for them.
export interface MapPalette {
  night: boolean;
  sea: string;
  land: string;
  edge: string;
  river: string;
  ink: string;
  halo: string;
  hatch: string;
  panel: string;
  raised: string;
  late: string;
  alarm: string;
  alarmInk: string;
}

export function readPalette(): MapPalette {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  return {
    night: document.documentElement.dataset['palette'] === 'night',
    sea: read('--sea'), land: read('--land'), edge: read('--land-edge'), river: read('--river'),
    ink: read('--ink'), halo: read('--label-halo'), hatch: read('--hatch'), panel: read('--panel'),
    raised: read('--raised'), late: read('--late'), alarm: read('--alarm'), alarmInk: read('--alarm-ink'),
  };
}

const channel = (hex: string, at: number): number => Number.parseInt(hex.slice(at, at + 2), 16);

/** `share` of `over` laid on `under`, both `#rrggbb`. */
export function mix(under: string, over: string, share: number): string {
  const part = (at: number): string =>
    Math.round(channel(under, at) * (1 - share) + channel(over, at) * share).toString(16).padStart(2, '0');
  return `#${part(1)}${part(3)}${part(5)}`;
}

/** Diagonal lines on a ground: the sign for no data, in map, chart and legend. */
export function hatch(ground: string, line: string, gap = 7): CanvasPattern | string {
  const tile = document.createElement('canvas');
  tile.width = tile.height = gap;
  const pen = tile.getContext('2d');
  if (pen === null) return ground;
  if (ground !== '') {
    pen.fillStyle = ground;
    pen.fillRect(0, 0, gap, gap);
  }
  pen.strokeStyle = line;
  pen.lineWidth = 1.2;
  pen.beginPath();
  for (const shift of [-gap, 0, gap]) {
    pen.moveTo(shift - 1, gap + 1);
    pen.lineTo(shift + gap + 1, -1);
  }
  pen.stroke();
  return pen.createPattern(tile, 'repeat') ?? ground;
}

/** Risk 0 to 1 as one hue from faint to strong: it is a score, not a level, and has no level's colour. */
export function riskColor(p: MapPalette, risk: number): string {
  const strong = p.night ? '#c3a3dc' : '#5d2f7f';
  return mix(p.land, strong, 0.06 + 0.72 * Math.min(1, Math.max(0, risk)));
}
