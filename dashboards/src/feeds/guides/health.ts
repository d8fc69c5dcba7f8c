// Hospitals and counts of cases.
import { at, day, json, posted, published, type Guide } from './guide';

const PATH = '/v1/reports/hospital';

export const hospital: Guide = {
  id: 'hospital', group: 'reports', title: 'start.hospital', note: 'start.hospital.note', door: 'http', fill: ['hospital'],
  commands: (f) => {
    const said = {
      hospital: f.hospital, t: at(f), beds: 600, beds_occupied: 480, emergency_waiting: 12, traffic: 'normal',
      bed_capacity: [{ type: 'adult_icu', baseline: 24, available: 4, additional_24h: 2, additional_72h: 4 }], offload_minutes: 15,
    };
    const have = `<?xml version="1.0" encoding="UTF-8"?>
<have:HospitalStatus xmlns:have="urn:oasis:names:tc:emergency:EDXL:HAVE:1.0" xmlns:xnl="urn:oasis:names:tc:ciq:xnl:3">
 <have:Hospital>
  <have:Organization><have:OrganizationInformation><xnl:OrganisationName xnl:ID="${f.hospital}"/></have:OrganizationInformation></have:Organization>
  <have:EmergencyDepartmentStatus><have:EMSTraffic><have:EMSTrafficStatus>Normal</have:EMSTrafficStatus></have:EMSTraffic></have:EmergencyDepartmentStatus>
  <have:HospitalBedCapacityStatus><have:BedCapacity><have:BedType>AdultICU</have:BedType><have:Capacity><have:CapacityStatus>Vacant/Available</have:CapacityStatus><have:AvailableCount>5</have:AvailableCount><have:BaselineCount>24</have:BaselineCount></have:Capacity></have:BedCapacity></have:HospitalBedCapacityStatus>
  <have:LastUpdateTime>${at(f, 0)}</have:LastUpdateTime>
 </have:Hospital>
</have:HospitalStatus>`;
    return [
      posted(f, 'start.report', json(PATH, said)),
      posted(f, 'start.have', { path: PATH, type: 'application/xml', body: have }),
      posted(f, 'start.table', { path: PATH, type: 'text/csv', body: `hospital,t,traffic,beds,beds_occupied,bed.adult_icu.baseline,bed.adult_icu.available\n${f.hospital},${at(f, -1)},normal,600,471,24,6` }),
      ...(f.mqtts === null && f.mqtt === null ? [] : [published(f, 'start.over.mqtt', `fh/v1/${f.agency}/hospital`, JSON.stringify({ ...said, t: at(f, -2) }))]),
    ];
  },
};

export const cases: Guide = {
  id: 'cases', group: 'reports', title: 'start.cases', note: 'start.cases.note', door: 'http', fill: [],
  commands: (f) => {
    const count = { day: day(f), place: f.zone, syndrome: 'ili', age: 'all', count: 17, reported: at(f, -1) };
    return [
      posted(f, 'start.report', json('/v1/reports/cases', [count])),
      posted(f, 'start.cases.correct', json('/v1/reports/cases', [{ ...count, count: 15, reported: at(f) }])),
      posted(f, 'start.table', { path: '/v1/reports/cases', type: 'text/csv', body: `day,place,syndrome,age,count,reported\n${day(f)},${f.zone},ili,5-14,6,${at(f)}` }),
    ];
  },
};
