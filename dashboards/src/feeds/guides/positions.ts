// Units: by their own interface and by Cursor-on-Target.
import { at, broker, json, posted, quoted, type Command, type Filled, type Guide } from './guide';

export const units: Guide = {
  id: 'units', group: 'places', title: 'start.units', note: 'start.units.note', door: 'http', fill: ['unit'],
  commands: (f) => {
    const said = { unit: f.unit, t: at(f), status: 'available', lon: f.lon, lat: f.lat, speed_mps: 3.5, course_deg: 90, battery_percent: 80 };
    return [
      posted(f, 'start.report', json('/v1/reports/units', said)),
      ...(f.mqtts === null && f.mqtt === null ? [] : [{
        label: 'start.over.mqtt' as const,
        text: `mosquitto_pub ${broker(f, undefined, f.unit, f.unitSecret)} -q 1 \\\n  -t ${quoted(`fh/v1/units/${f.unit}/report`)} \\\n  -m ${quoted(JSON.stringify({ ...said, t: at(f, -1) }))}`,
      }]),
    ];
  },
};

/** Lines for `units.csv`: the device of a unit. */
export function registerDevice(f: Filled): Command {
  const unit = f.start.units.find((u) => u.id === f.unit);
  return { label: 'start.cot.register', file: 'units.csv', text: `id,name,name_en,kind,agency,lon,lat,people,cot_uid\n${f.unit},${unit?.name ?? f.unit},,patrol,${f.agency},${f.lon},${f.lat},4,ANDROID-${f.unit}` };
}
/** A position of so many minutes from the page's time. */
export function event(f: Filled, uid: string, minutes = 0): string {
  const utc = (more: number): string => new Date(f.now + (minutes + more) * 60_000).toISOString().slice(0, 19) + 'Z';
  return `<event version="2.0" uid="${uid}" type="a-f-G-U-C" how="m-g" time="${utc(0)}" start="${utc(0)}" stale="${utc(5)}"><point lat="${f.lat}" lon="${f.lon}" hae="0" ce="8" le="9999999"/><detail><track speed="3.5" course="90"/><status battery="80"/></detail></event>`;
}

export const cot: Guide = {
  id: 'cot', group: 'places', title: 'start.cot', note: 'start.cot.note', door: 'cot', fill: ['unit'],
  commands: (f) => {
    const uid = f.start.units.find((u) => u.id === f.unit)?.cot_uid;
    if (uid == null) return [registerDevice(f)];
    const { host, port } = f.cot ?? { host: '', port: '' };
    return [
      { label: 'start.cot.send', text: `bash -c 'exec 3<>/dev/tcp/${host}/${port}\nprintf "%s" "$0" >&3\nsleep 1' ${quoted(event(f, uid))}` },
      { label: 'start.cot.device', isText: true, text: `# ATAK: Settings > Network > TAK Servers\n# ${host}:${port} TCP, uid ${uid}` },
    ];
  },
};
