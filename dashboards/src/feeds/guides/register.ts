// What is not sent but registered: cameras, and the coordinate system of an agency's points.
import { at, json, ownId, posted, words, type Command, type Guide } from './guide';

export const cameras: Guide = {
  id: 'cameras', group: 'places', title: 'start.cameras', note: 'start.cameras.note', door: 'http', fill: [],
  commands: (f) => [{
    label: 'start.cameras.register', file: 'cameras.csv',
    text: `id,name,name_en,lon,lat,agency,kind,hls,whep,snapshot,rtsp,gb28181,direction,zone\n${f.agency}-cam-1,${words(f, 'eg.camera')},,${f.lon},${f.lat},${f.agency},river,https://video.example.org/1/index.m3u8,,https://video.example.org/1.jpg,,44070000001320000009,90,${f.zone}`,
  }],
};

export const gcj02: Guide = {
  id: 'gcj02', group: 'places', title: 'start.gcj02', note: 'start.gcj02.note', door: 'http', fill: [],
  commands: (f) => {
    const declared = f.start.coordinates ?? null;
    const said: Command = posted(f, declared === null ? 'start.gcj02.one' : 'start.gcj02.declared', json('/v1/reports/hotline', {
      id: ownId(f, 'GCJ'), t: at(f), text: words(f, 'eg.hotline'), lon: f.lon, lat: f.lat, ...(declared === null ? { crs: 'gcj02' } : {}),
    }));
    return declared === null
      ? [said, { label: 'start.gcj02.always', file: 'agencies.toml', text: `[[agency]]\nid = "${f.agency}"\ncoordinates = "gcj02"` }]
      : [said];
  },
};
