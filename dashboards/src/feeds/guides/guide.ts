// What a guide is, what it is filled with, and how its commands are written for a shell. Pure.
import type { DoorView, StartView, TelemetryStation } from '../../contract/types';
import { say, type Key, type Language } from '../../words/words';
import { addressOf, rfc3339 } from './places';

/** A port as a sender that sees this page reaches it. */
export interface Reached {
  host: string;
  port: string;
}

export interface Filled {
  language: Language;
  agency: string;
  start: StartView;
  /** Empty where the agency has none. */
  station: string;
  property: string;
  /** UCUM. */
  propertyUnit: string;
  value: string;
  /** Now, to the minute of the platform's clock, Unix ms; and the city's offset. */
  now: number;
  /** When the page was opened, Unix ms: ids of reports are made of it, so that they stay. */
  opened: number;
  offsetS: number;
  secret: string;
  /** The unit's own, where one was issued. */
  unitSecret: string;
  unit: string;
  hospital: string;
  telemetry: TelemetryStation | null;
  /** Four hexadecimal digits. */
  password: string;
  /** A place of the agency's or the city's, WGS-84. */
  lon: number;
  lat: number;
  zone: string;
  /** `https://host:port`, as this page is reached. */
  http: string;
  mqtt: Reached | null;
  mqtts: Reached | null;
  sl651: Reached | null;
  cot: Reached | null;
  /** By TLS, with the client's certificate. */
  sl651s: Reached | null;
  cots: Reached | null;
}

/** A body as it is posted: the command's, and the one that a test asks about. */
export interface Post {
  path: string;
  type: string;
  body: string;
}

export interface Command {
  label: Key;
  text: string;
  /** It can be asked about before it is sent. */
  post?: Post;
  /** Lines for a file of the city's folder, which its administrator keeps. */
  file?: string;
  /** It goes on until it is broken off. */
  waits?: boolean;
  /** Text for people: it is no command. */
  isText?: boolean;
}

export type Group = 'values' | 'reports' | 'offices' | 'places';

export interface Guide {
  id: string;
  group: Group;
  title: Key;
  note: Key;
  /** The door it comes in by; without it the guide is not shown. */
  door: 'http' | 'mqtt' | 'mqtts' | 'sl651' | 'sl651s' | 'cot' | 'cots';
  /** What of the agency's names it is filled with. */
  fill: readonly ('station' | 'value' | 'unit' | 'hospital' | 'telemetry')[];
  /** Whether it is for offices that may publish. */
  office?: boolean;
  commands: (f: Filled) => Command[];
}

const MINUTE_MS = 60_000;

/** A time so many minutes from the page's. */
export const at = (f: Filled, minutes = 0): string => rfc3339(f.now + minutes * MINUTE_MS, f.offsetS);
/** `2026-06-11`, of the city. */
export const day = (f: Filled): string => at(f).slice(0, 10);
/** An id of the sender's own: the same as long as the page stands open. */
export const ownId = (f: Filled, mark: string): string => `${mark}-${rfc3339(f.opened, f.offsetS).slice(0, 19).replace(/\D/g, '')}`;
/** Words of an example, in the language of the page. */
export const words = (f: Filled, key: Key): string => say(f.language, key);

/** Within single quotes of a shell. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** A request by curl, with the agency's own secret. */
export function curl(f: Filled, post: Post): string {
  return `curl -sS ${quoted(f.http + post.path)} \\\n  -H ${quoted(`Authorization: Bearer ${f.secret}`)} \\\n`
    + `  -H ${quoted(`Content-Type: ${post.type}`)} \\\n  --data-binary ${quoted(post.body)}`;
}
/** A reading request by curl: `$` and spaces of a query need no care of the reader. */
export const asked = (f: Filled, path: string, query: readonly string[] = []): string =>
  `curl -sS -G ${quoted(f.http + path)} \\\n  -H ${quoted(`Authorization: Bearer ${f.secret}`)}`
  + query.map((q) => ` \\\n  --data-urlencode ${quoted(q)}`).join('');
/** A request that sends, as a command. */
export const posted = (f: Filled, label: Key, post: Post): Command => ({ label, text: curl(f, post), post });
export const json = (path: string, body: unknown): Post => ({ path, type: 'application/json', body: JSON.stringify(body) });

/** The broker with its credential: by TLS where that door is open. */
export function broker(f: Filled, door: Reached | null = f.mqtts ?? f.mqtt, user = f.agency, secret = f.secret): string {
  const tls = door !== null && door === f.mqtts ? ' --tls-use-os-certs' : '';
  return `-h ${door?.host ?? ''} -p ${door?.port ?? ''}${tls} -u ${user} -P ${quoted(secret)}`;
}
export const published = (f: Filled, label: Key, topic: string, message: string, door?: Reached | null): Command =>
  ({ label, text: `mosquitto_pub ${broker(f, door)} -q 1 \\\n  -t ${quoted(topic)} \\\n  -m ${quoted(message)}` });

/** One observation. */
export const one = (f: Filled, t: string): string =>
  JSON.stringify({ station: f.station, property: f.property, t, v: Number(f.value) });

/** Host and port of a door, as a sender that sees this page reaches it. */
export const door = (doors: readonly DoorView[], protocol: string, page: { hostname: string }): Reached | null =>
  addressOf(doors.find((d) => d.protocol === protocol), page);
