// Getting started, one entry a protocol: commands that run as they stand, filled with the agency's own
// names. A protocol joins by an entry of its own, one line here and its words (`words/guides.ts`).
import type { Guide } from './guide';
import { cases, hospital } from './health';
import { mqtt, mqtts } from './mqtt';
import { backfill, csv, http } from './observations';
import { cap, quakes, signals, tracks } from './offices';
import { cot, units } from './positions';
import { cameras, gcj02 } from './register';
import { calls, closures, damage, food, forecasts, hazardPoints, hotline, outages } from './reports';
import { sensorthings } from './sensorthings';
import { sl651 } from './sl651';
import { cots, sl651s } from './tls';

export const GUIDES: readonly Guide[] = [
  http, csv, backfill, mqtts, mqtt, sl651s, sl651, sensorthings,
  hospital, cases, hotline, calls, outages, closures, hazardPoints, food, damage,
  cap, signals, forecasts, quakes, tracks,
  units, cots, cot, cameras, gcj02,
];
