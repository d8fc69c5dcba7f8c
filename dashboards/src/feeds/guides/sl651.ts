// A telemetry station's frames by SL 651-2014 in HEX/BCD: what to set at the station, and frames that
// try the line before the station is there.
import type { TelemetryStation } from '../../contract/types';
import { at, words, type Command, type Filled, type Guide } from './guide';

/** The elements a datastream is fed by: leading byte, bytes, decimals, an example. */
const ELEMENTS: Record<string, readonly [number, number, number, number]> = {
  rainfall: [0x22, 3, 1, 0.5], water_level: [0x39, 4, 3, 1.25], tide_level: [0x39, 4, 3, 0.85], battery: [0x38, 2, 2, 12.1],
  discharge: [0x27, 5, 3, 15], air_temperature: [0x02, 3, 1, 26.5], wind_speed: [0x35, 3, 1, 6.2], relative_humidity: [0x18, 3, 1, 80],
};
const CENTRE = 0x05;
const STATION_CLASS = 0x48;
const FIVE_MIN_MS = 300_000;

const bcd = (digits: string): number[] => (digits.match(/../g) ?? []).map((two) => parseInt(two, 16));
const hexBytes = bcd;
/** CRC-16/MODBUS. */
export function crc16(bytes: readonly number[]): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return crc;
}
const stamp = (f: Filled, ms: number, digits: number): number[] =>
  bcd(new Date(ms + f.offsetS * 1000).toISOString().replace(/\D/g, '').slice(2, 2 + digits));
const two = (n: number): number[] => [(n >> 8) & 0xff, n & 0xff];

/** A frame of a function; its serial number is the minute, so that the same again is known. */
export function frame(f: Filled, fn: number): number[] {
  const station = f.telemetry;
  if (station === null) return [];
  const address = hexBytes(station.address);
  // Rain is of whole intervals.
  const seen = Math.floor(f.now / FIVE_MIN_MS) * FIVE_MIN_MS;
  const body = [...two((Math.floor(f.now / 60_000) % 0xffff) + 1), ...stamp(f, f.now, 12), 0xf1, 0xf1, ...address, STATION_CLASS, 0xf0, 0xf0, ...stamp(f, seen, 10)];
  for (const property of station.properties) {
    const element = ELEMENTS[property];
    if (element === undefined) continue;
    const [lead, bytes, decimals, example] = element;
    const value = f.station === station.id && f.property === property ? Math.abs(Number(f.value)) : example;
    body.push(lead, (bytes << 3) | decimals, ...bcd(String(Math.round(value * 10 ** decimals)).padStart(bytes * 2, '0').slice(-bytes * 2)));
  }
  const whole = [0x7e, 0x7e, CENTRE, ...address, ...hexBytes(f.password), fn, ...two(body.length), 0x02, ...body, 0x03];
  return [...whole, ...two(crc16(whole))];
}

/** Bytes as `printf` of bash writes them. */
export const escaped = (bytes: readonly number[]): string => bytes.map((b) => `\\x${b.toString(16).padStart(2, '0')}`).join('');

/** Sends a frame and shows the answer in hexadecimal. */
function spoken(f: Filled, label: Command['label'], fn: number): Command {
  const { host, port } = f.sl651 ?? { host: '', port: '' };
  return { label, text: `bash -c 'exec 3<>/dev/tcp/${host}/${port}\nprintf "${escaped(frame(f, fn))}" >&3\ntimeout 3 cat <&3 | od -An -tx1'` };
}

/** Lines for `stations.csv`: a telemetry station's address. */
export const register = (f: Filled): Command =>
  ({ label: 'start.sl651.register', file: 'stations.csv', text: `id,name,name_en,agency,lon,lat,datum,datum_offset_m,valid_from,sl651\n${f.agency}-RTU-1,${f.agency}-RTU-1,,${f.agency},${f.lon},${f.lat},local,,,0011223344` });

/** What is set at the telemetry unit, with the centre's door. */
export const settings = (f: Filled, station: TelemetryStation, server: string): Command => ({
  label: 'start.sl651.settings', isText: true,
  text: ([
    ['rtu.server', server], ['rtu.protocol', 'SL 651-2014 HEX/BCD M2'], ['rtu.centre', '5 (05H)'],
    ['rtu.address', station.address], ['rtu.password', f.password], ['rtu.zone', at(f).slice(19)],
  ] as const).map(([key, value]) => `${words(f, key)}${words(f, 'explain.colon')}${value}`).join('\n'),
});

export const sl651: Guide = {
  id: 'sl651', group: 'values', title: 'start.sl651', note: 'start.sl651.note', door: 'sl651', fill: ['telemetry'],
  commands: (f) => f.telemetry === null ? [register(f)] : [
    settings(f, f.telemetry, `TCP ${f.sl651?.host ?? ''}:${f.sl651?.port ?? ''}`),
    spoken(f, 'start.sl651.test', 0x30),
    spoken(f, 'start.sl651.send', 0x32),
  ],
};
