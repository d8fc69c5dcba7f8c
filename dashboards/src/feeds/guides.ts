// Getting started, one entry a protocol: commands that run as they stand, filled with the agency's own
// names. A protocol joins by one entry here and its words.
import type { DoorView } from '../contract/types';
import type { Key } from '../words/words';

export interface Filled {
  agency: string;
  station: string;
  property: string;
  value: string;
  /** RFC 3339 with the city's offset. */
  t: string;
  /** A minute before it. */
  before: string;
  secret: string;
  /** `http://host:port`. */
  http: string;
  mqttHost: string;
  mqttPort: string;
}

export interface Guide {
  id: string;
  title: Key;
  /** The door it comes in by; without it the guide is not shown. */
  door: string;
  note: Key;
  commands: (f: Filled) => { label: Key; text: string }[];
}

const one = (f: Filled, t: string): string =>
  JSON.stringify({ station: f.station, property: f.property, t, v: Number(f.value) });
/** Within single quotes of a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const curl = (f: Filled, type: string): string =>
  `curl -sS ${f.http}/v1/observations \\\n  -H ${quoted(`Authorization: Bearer ${f.secret}`)} \\\n  -H 'Content-Type: ${type}' \\\n`;
const broker = (f: Filled): string => `-h ${f.mqttHost} -p ${f.mqttPort} -u ${f.agency} -P ${quoted(f.secret)}`;

export const GUIDES: readonly Guide[] = [
  {
    id: 'http', title: 'start.http', door: 'http', note: 'start.answer',
    commands: (f) => [
      { label: 'start.send', text: `${curl(f, 'application/json')}  -d ${quoted(`[${one(f, f.t)}]`)}` },
      { label: 'start.many', text: `${curl(f, 'application/x-ndjson')}  --data-binary ${quoted(`${one(f, f.before)}\n${one(f, f.t)}`)}` },
    ],
  },
  {
    id: 'csv', title: 'start.csv', door: 'http', note: 'start.answer',
    commands: (f) => [{
      label: 'start.many',
      text: `${curl(f, 'text/csv')}  --data-binary ${quoted(`station,property,t,v\n${f.station},${f.property},${f.before},${f.value}\n${f.station},${f.property},${f.t},${f.value}`)}`,
    }],
  },
  {
    id: 'mqtt', title: 'start.mqtt', door: 'mqtt', note: 'start.puback',
    commands: (f) => [
      { label: 'start.send', text: `mosquitto_pub ${broker(f)} -q 1 \\\n  -t fh/v1/${f.agency}/obs -m ${quoted(one(f, f.t))}` },
      { label: 'start.value.topic', text: `mosquitto_pub ${broker(f)} -q 1 \\\n  -t fh/v1/${f.agency}/${f.station}/${f.property} -m ${f.value}` },
      { label: 'start.listen', text: `mosquitto_sub ${broker(f)} -q 1 \\\n  -t fh/v1/${f.agency}/rejected -v` },
    ],
  },
];

/** Addresses that mean every address of the machine: the page's own host is one of them. */
const EVERY = new Set(['0.0.0.0', '[::]', '::']);

/** Host and port of a door, as a sender that sees this page reaches it. */
export function reach(door: DoorView | undefined, page: { origin: string; hostname: string }): { url: string; host: string; port: string } | null {
  if (door === undefined) return null;
  if (door.protocol === 'http') return { url: page.origin, host: page.hostname, port: new URL(page.origin).port };
  const address = /^\w+:\/\/(?:[^@/]*@)?(\[[^\]]+\]|[^:/]+)(?::(\d+))?/.exec(door.address);
  if (address === null) return null;
  const host = address[1] ?? '';
  return { url: door.address, host: EVERY.has(host) ? page.hostname : host, port: address[2] ?? '' };
}

/** `2026-06-11T03:05:00+08:00`: an instant in the city's zone. */
export function rfc3339(ms: number, offsetS: number): string {
  const pad = (n: number): string => String(n).padStart(2, '0');
  const sign = offsetS < 0 ? '-' : '+';
  const off = Math.abs(offsetS);
  const local = new Date(ms + offsetS * 1000).toISOString().slice(0, 19);
  return `${local}${sign}${pad(Math.floor(off / 3600))}:${pad(Math.floor((off % 3600) / 60))}`;
}
