// OGC SensorThings 1.1, over HTTP and MQTT.
import { asked, at, broker, curl, published, quoted, type Filled, type Guide } from './guide';

const stream = (f: Filled): string => `${f.station}:${f.property}`;

export const sensorthings: Guide = {
  id: 'sensorthings', group: 'values', title: 'start.sensorthings', note: 'start.sensorthings.note', door: 'http', fill: ['station', 'value'],
  commands: (f) => {
    const one = { phenomenonTime: at(f), result: Number(f.value), Datastream: { '@iot.id': stream(f) } };
    const rows = [{ Datastream: { '@iot.id': stream(f) }, components: ['phenomenonTime', 'result'], dataArray: [[at(f, -1), Number(f.value)], [at(f), Number(f.value)]] }];
    return [
      { label: 'start.send', text: `${curl(f, { path: '/v1.1/Observations', type: 'application/json', body: JSON.stringify(one) })} -i` },
      { label: 'start.many.array', text: curl(f, { path: '/v1.1/CreateObservations', type: 'application/json', body: JSON.stringify(rows) }) },
      { label: 'start.read', text: asked(f, `/v1.1/Datastreams('${stream(f)}')/Observations`, ['$orderby=phenomenonTime desc', '$top=3', '$select=phenomenonTime,result']) },
      ...(f.mqtts === null && f.mqtt === null ? [] : [
        published(f, 'start.over.mqtt', 'v1.1/Observations', JSON.stringify({ ...one, phenomenonTime: at(f, -2) })),
        { label: 'start.subscribe' as const, text: `mosquitto_sub ${broker(f)} -v \\\n  -t ${quoted(`v1.1/Datastreams('${stream(f)}')/Observations`)}`, waits: true },
      ]),
    ];
  },
};
