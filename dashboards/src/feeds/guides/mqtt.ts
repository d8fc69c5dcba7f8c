// Measurements over MQTT, plain and by TLS.
import { at, broker, one, published, type Command, type Filled, type Guide, type Reached } from './guide';

const commands = (f: Filled, door: Reached | null): Command[] => [
  {
    ...published(f, 'start.send', `fh/v1/${f.agency}/obs`, one(f, at(f)), door),
    post: { path: '/v1/observations', type: 'application/json', body: `[${one(f, at(f))}]` },
  },
  published(f, 'start.value.topic', `fh/v1/${f.agency}/${f.station}/${f.property}`, f.value, door),
  { label: 'start.listen', text: `mosquitto_sub ${broker(f, door)} -q 1 \\\n  -t fh/v1/${f.agency}/rejected -v`, waits: true },
];

export const mqtts: Guide = {
  id: 'mqtts', group: 'values', title: 'start.mqtts', note: 'start.mqtts.note', door: 'mqtts', fill: ['station', 'value'],
  commands: (f) => commands(f, f.mqtts),
};

export const mqtt: Guide = {
  id: 'mqtt', group: 'values', title: 'start.mqtt', note: 'start.puback', door: 'mqtt', fill: ['station', 'value'],
  commands: (f) => commands(f, f.mqtt),
};
