// Addresses of doors and times of the city, as commands write them. Pure.
import type { DoorView } from '../../contract/types';

/** Addresses that mean every address of the machine: the page's own host is one of them. */
const EVERY = new Set(['0.0.0.0', '[::]', '::']);
/** Ports that an address leaves out. */
const USUAL: Record<string, string> = { mqtt: '1883', mqtts: '8883' };

/** Host and port of a door, as a sender that sees this page reaches it. */
export function addressOf(door: DoorView | undefined, page: { hostname: string }): { host: string; port: string } | null {
  if (door === undefined) return null;
  const address = /^(\w+):\/\/(?:[^@/]*@)?(\[[^\]]+\]|[^:/]+)(?::(\d+))?/.exec(door.address);
  if (address === null) return null;
  const host = address[2] ?? '';
  return { host: EVERY.has(host) ? page.hostname : host, port: address[3] ?? USUAL[address[1] ?? ''] ?? '' };
}

/** `2026-06-11T03:05:00+08:00`: an instant in the city's zone. */
export function rfc3339(ms: number, offsetS: number): string {
  const pad = (n: number): string => String(n).padStart(2, '0');
  const sign = offsetS < 0 ? '-' : '+';
  const off = Math.abs(offsetS);
  const local = new Date(ms + offsetS * 1000).toISOString().slice(0, 19);
  return `${local}${sign}${pad(Math.floor(off / 3600))}:${pad(Math.floor((off % 3600) / 60))}`;
}
