//! Good bytes of every decoder, by its name.

use std::borrow::Cow;

use crate::sl651::encode::encode;
use crate::sl651::frame::{Coding, Direction, End, Frame};

/// What stands before bytes that are written down in hexadecimal digits.
const HEX: &str = "hex:";

/// The good bytes of a decoder; none where it has none here.
pub(super) fn of(name: &str) -> Vec<Cow<'static, [u8]>> {
    if name == "sl651 answer" {
        return answer().into_iter().collect();
    }
    SAMPLES.iter().filter(|(of, _)| *of == name).map(|(_, text)| bytes(text)).collect()
}

fn bytes(text: &'static str) -> Cow<'static, [u8]> {
    match text.strip_prefix(HEX) {
        None => Cow::Borrowed(text.as_bytes()),
        Some(digits) => Cow::Owned(digits.as_bytes().chunks(2).map(byte).collect()),
    }
}

fn byte(pair: &[u8]) -> u8 {
    pair.iter().fold(0, |byte, digit| byte << 4 | (*digit as char).to_digit(16).unwrap_or(0) as u8)
}

/// What a centre answers a gauge.
fn answer() -> Option<Cow<'static, [u8]>> {
    let station = domain::sl651::Address([0, 0x11, 0x22, 0x33, 0x44]);
    let body = vec![0, 0x2b, 0x17, 0x07, 0x18, 0x11, 0, 0x16];
    let (coding, direction, end) = (Coding::Hex, Direction::Down, End::Eot);
    let (centre, password, function, packet) = (5, 0x03E8, 0x32, None);
    let frame = Frame { coding, direction, centre, station, password, function, packet, body, end };
    encode(&frame).ok().map(Cow::Owned)
}

const SAMPLES: &[(&str, &str)] = &[
    (
        "json line",
        r#"{"station":"R-1","property":"rainfall","t":"2026-06-11T03:05:00+08:00","v":2.5,"unit":"mm","id":"a","q":"doubtful","status":"actual","result_time":1781118300000}"#,
    ),
    ("json line", r#"{"station":"\u0041-1","property":"stage","t":1781118300000,"v":-1.25e-3}"#),
    (
        "json array",
        r#"[{"station":"R-1","property":"rainfall","t":1781118300000,"v":2.5},{"station":"R-2","property":"rainfall","t":1781118300000,"v":-1e300}]"#,
    ),
    (
        "ndjson",
        "{\"station\":\"R-1\",\"property\":\"p\",\"t\":1781118300000,\"v\":1}\n{\"station\":\"\\u0041\",\"property\":\"p\",\"t\":1,\"v\":1}\r\n",
    ),
    ("mqtt packet", r#"{"station":"R-1","property":"rainfall","t":1781118300000,"v":2.5}"#),
    ("mqtt packet", r#"[{"station":"R-1","property":"rainfall","t":1781118300000,"v":2.5}]"#),
    ("mqtt value", "2.5"),
    ("mqtt value", r#"{"t":1781118300000,"v":2.5}"#),
    ("mqtt topic", "fh/v1/hydro/R-1/rainfall"),
    ("mqtt topic", "fh/v1/hydro/obs"),
    // CONNECT, PUBLISH with QoS 1, SUBSCRIBE, PINGREQ, DISCONNECT.
    (
        "mqtt connection",
        "hex:101700044d51545404c2003c0001610005687964726f000161321200076f62732f6f6273000a7b2276223a317d82090001000466682f2301c000e000",
    ),
    // The same of version 5, with a topic alias and properties.
    (
        "mqtt connection",
        "hex:101d00044d51545405c2003c05110000003c0001610005687964726f00016132100005612f622f63000a03230001322e35820a000100000466682f2b01c000e000",
    ),
    ("instant", "2026-06-11T03:05:00.250+08:00"),
    ("instant", "2026-06-11 03:05:00Z"),
    (
        "csv",
        "station,property,t,v,unit,id,q,status,result_time\nR-1,rainfall,1781118300000,2.5,mm,x,reliable,actual,\n\"R-2\",rainfall,2026-06-11T03:05:00+08:00,1,,,,,\n",
    ),
    ("sl651", HOURLY),
    ("sl651", FIVE_MINUTES),
    (
        "sl651 stream",
        "hex:ff0d0a7E7E05001122334403E832002B020034170718110016F1F1001122334448F0F01707181100201900004026190000403923000104903812109903A421007E7E05",
    ),
    (
        "sl651 body",
        "hex:00320034170718110016F1F1001122334448F0F017071811002019000040261900004039230001049038121099",
    ),
    (
        "sl651 body",
        "hex:00340033170718110014F1F1001122334448F0F01707181005F4600500000014FFFFFFFFFF0000F0F017071811002619000040F0F01707181005F5C0000C000C001C00310031FFFFFFFFFFFFFFFFFFFF00310031F0F0170718110039230001049020190000403812109903F502",
    ),
    ("cap", WARNING),
    ("cap signature", SIGNED),
    (
        "cap listing",
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id><updated>2026-06-11T03:05:00Z</updated><link href='/cap/1.xml' type='application/cap+xml'/></entry></feed>",
    ),
    (
        "cap listing",
        "<rss version='2.0'><channel><title>t</title><item><guid>1</guid><link>http://h/1</link></item></channel></rss>",
    ),
    ("cap link", "/cap/one.xml?a=b"),
    ("cap link", "http://office.example:8080/cap/one.xml?a=b"),
    ("cot", EVENT),
    (
        "cot stream",
        "\x1f<?xml version='1.0'?>\n<!-- one --><event version=\"2.0\" uid=\"ANDROID-1\" type=\"a-f-G-U-C\" time=\"2026-06-11T03:05:00Z\" start=\"2026-06-11T03:05:00Z\" stale=\"2026-06-11T03:10:00Z\" how=\"m-g\"><point lat=\"22.5\" lon=\"113.0\" hae=\"9.0\" ce=\"5.0\" le=\"9.0\"/><detail><remarks><![CDATA[>]]></remarks></detail></event>\n<event",
    ),
    (
        "exchange line",
        r#"{"agency":"hydro","kind":"observation","heard_ms":1781118300000,"item":{"station":"R-1","property":"rainfall","t":1781118300000,"v":2.5}}"#,
    ),
    ("exchange manifest", MANIFEST),
    (
        "sensorthings",
        r#"{"result":2.5,"phenomenonTime":"2026-06-11T03:05:00+08:00","Datastream":{"@iot.id":"R-1:rainfall"}}"#,
    ),
    (
        "sensorthings",
        r#"[{"Datastream":{"@iot.id":"R-1:rainfall"},"components":["phenomenonTime","result"],"dataArray@iot.count":1,"dataArray":[["2026-06-11T03:00:00Z/2026-06-11T03:05:00Z",2.5]]}]"#,
    ),
    (
        "sensorthings topic",
        "v1.1/Datastreams('R-1:rainfall')/Observations?$select=result,phenomenonTime",
    ),
    ("hospitals have", HAVE),
    ("positions", "hex:33333333333f5c400000000000803640"),
    ("personal words", "李雷 13800138000 居民 440702199001011234, tel 0750-3123456"),
    ("/v1/reports/hospital application/json", HOSPITAL),
    ("/v1/reports/hospital application/xml", HAVE),
    ("/v1/reports/hospital application/x-ndjson", HOSPITAL),
    (
        "/v1/reports/hospital text/csv",
        "hospital,t,beds,traffic,bed.adult_icu.available,ems_capacity.red,note\nH-1,2026-06-11T03:05:00+08:00,400,closed,4,1,\"x, y\"\n",
    ),
    ("/v1/reports/cases application/json", COUNT),
    ("/v1/reports/cases application/x-ndjson", COUNT),
    (
        "/v1/reports/cases text/csv",
        "day,place,syndrome,age,sex,count,deaths,reported\n2026-06-11,440703,ili,0-4,female,12,0,2026-06-12T09:00:00+08:00\n",
    ),
    (
        "/v1/reports/units application/json",
        r#"{"unit":"boat-01","t":"2026-06-11T03:05:00+08:00","lon":112.9,"lat":22.4,"status":"busy","speed_mps":3.5,"course_deg":270,"battery_percent":81,"accuracy_m":5,"crs":"gcj02"}"#,
    ),
    (
        "/v1/reports/units application/json",
        r#"{"unit":"boat-01","t":1781118300000,"task":"T-1","report":"refuse","note":"no","lon":112.9,"lat":22.3}"#,
    ),
    (
        "/v1/warnings application/json",
        r#"{"id":"s1","issuer":"台山市气象台(虚构)","act":"issue","kind":"台风","color":"red","areas":["440781"],"t":"2026-09-11T22:00:00+08:00"}"#,
    ),
    ("/v1/warnings application/cap+xml", WARNING),
    ("/v1/warnings application/xml", WARNING),
    (
        "/v1/reports/hotline application/json",
        r#"{"id":"JM20260911-0017","t":"2026-09-11T19:20:00+08:00","text":"台山市赤溪镇磅礴村口水浸过膝,联系13800138000","class":"内涝积水","people":3}"#,
    ),
    (
        "/v1/reports/hotline application/x-ndjson",
        "{\"id\":\"a\",\"t\":1781118300000,\"urgent\":true}\n{\"id\":\"b\",\"t\":1781118300000,\"lon\":113.0,\"lat\":22.5}\n",
    ),
    (
        "/v1/reports/hotline text/csv",
        "id,t,text,urgent,people,zones\na,1781118300000,\"x, y\",true,3,440781;440703\n",
    ),
    (
        "/v1/reports/calls application/json",
        r#"[{"id":"a","t":1781118300000,"service":"119","lon":113.08,"lat":22.58,"crs":"gcj02","trapped":2}]"#,
    ),
    (
        "/v1/reports/calls application/x-ndjson",
        r#"{"id":"a","t":1781118300000,"service":"120","injured":2}"#,
    ),
    ("/v1/reports/calls text/csv", "id,t,service,injured\na,1781118300000,120,2\n"),
    (
        "/v1/reports/outages application/json",
        r#"{"id":"a","t":1781118300000,"households":31000,"zones":["440781"],"important":["医院"],"since":1781118300000}"#,
    ),
    ("/v1/reports/outages application/x-ndjson", r#"{"id":"a","t":1781118300000,"households":1}"#),
    (
        "/v1/reports/outages text/csv",
        "id,t,households,cause,important,zones\nTD-17,2026-11-23T01:09:38Z,31000,台风,赤溪镇卫生院;赤溪泵站,440781\n",
    ),
    (
        "/v1/reports/closures application/json",
        r#"{"id":"a","t":1781118300000,"road":"G325","extent":"one_way","state":"closed","geometry":{"type":"LineString","coordinates":[[113.0,22.5],[113.1,22.6]]}}"#,
    ),
    (
        "/v1/reports/closures application/x-ndjson",
        r#"{"id":"a","t":1781118300000,"road":"G325","geometry":{"type":"Polygon","coordinates":[[[113.0,22.5],[113.1,22.5],[113.1,22.6],[113.0,22.5]]]}}"#,
    ),
    ("/v1/reports/closures text/csv", "id,t,road,extent\na,1781118300000,G325,one_way\n"),
    (
        "/v1/reports/hazard-points application/json",
        r#"{"id":"a","t":1781118300000,"name":"大槐坑","hazard":"landslide","danger":"watch","responsible":[{"role":"巡查","name":"甲","phone":"13800138000"}]}"#,
    ),
    (
        "/v1/reports/hazard-points application/x-ndjson",
        r#"{"id":"a","t":1781118300000,"name":"x","hazard":"landslide"}"#,
    ),
    (
        "/v1/reports/hazard-points text/csv",
        "id,t,name,hazard,responsible\na,1781118300000,x,landslide,巡查/甲/13800138000;村长/乙/13800138001\n",
    ),
    (
        "/v1/reports/food application/json",
        r#"{"id":"a","t":1781118300000,"act":"poisoning","venue":"食堂","batch":"20260901001","ill":17}"#,
    ),
    (
        "/v1/reports/food application/x-ndjson",
        r#"{"id":"a","t":1781118300000,"act":"recall","batch":"202609010017"}"#,
    ),
    ("/v1/reports/food text/csv", "id,t,act,batch,passed\na,1781118300000,recall,7,false\n"),
    (
        "/v1/reports/damage application/json",
        r#"{"id":"a","t":1781118300000,"heading":"danger","works":"沙咀围","class":"漫顶","crops_ha":1.5}"#,
    ),
    (
        "/v1/reports/damage application/x-ndjson",
        r#"{"id":"a","t":1781118300000,"heading":"loss","crops_ha":1}"#,
    ),
    ("/v1/reports/damage text/csv", "id,t,heading,crops_ha\na,1781118300000,loss,1.5\n"),
    ("/v1/reports/forecasts application/json", FORECAST),
    ("/v1/reports/forecasts application/x-ndjson", FORECAST),
    (
        "/v1/reports/earthquakes application/json",
        r#"{"id":"gd2026-0917","t":"2026-09-11T21:58:03.5+08:00","updated":"2026-09-11T22:04:00+08:00","lon":112.9,"lat":21.6,"depth_km":12,"magnitude":4.3,"magnitude_kind":"Ms","place":"台山近海(虚构)","issuer":"省地震局(虚构)","status":"reviewed"}"#,
    ),
    (
        "/v1/reports/earthquakes application/geo+json",
        r#"{"type":"Feature","id":"us7000abcd","properties":{"mag":5.1,"place":"100 km SSE of Nowhere","time":1781118300040,"updated":1781119300040,"tz":null,"url":"https://example.org","felt":null,"alert":null,"status":"reviewed","tsunami":0,"net":"us","magType":"mww","type":"earthquake"},"geometry":{"type":"Point","coordinates":[118.2,22.1,10]}}"#,
    ),
    ("/v1/reports/earthquakes application/xml", QUAKE),
    (
        "/v1/reports/tracks application/json",
        r#"{"id":"202613","name":"榕兰(虚构)","issuer":"省气象台(虚构)","issued":"2026-09-11T20:00:00+08:00","wind_unit":"m/s","averaging_min":2,"points":[{"t":"2026-09-11T14:00:00+08:00","lat":20.9,"lon":114.6,"pressure":955,"wind":42,"grade":"STY","radii":[{"wind":24.5,"longest":90,"shortest":70,"toward_deg":45}]},{"t":"2026-09-11T20:00:00+08:00","lat":21.4,"lon":113.7}],"forecast":[{"t":"2026-09-12T02:00:00+08:00","lat":22.0,"lon":112.8,"wind":38}]}"#,
    ),
    ("/v1/reports/tracks text/plain", STORM),
];

/// Hourly, of a station.
const HOURLY: &str = "hex:7E7E05001122334403E832002B020034170718110016F1F1001122334448F0F01707181100201900004026190000403923000104903812109903A421";
/// Evenly spaced times, with values missing.
const FIVE_MINUTES: &str = "hex:7E7E05001122334403E8340068020033170718110014F1F1001122334448F0F01707181005F4600500000014FFFFFFFFFF0000F0F017071811002619000040F0F01707181005F5C0000C000C001C00310031FFFFFFFFFFFFFFFFFFFF00310031F0F0170718110039230001049020190000403812109903F502";

const WARNING: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>t-1</identifier><sender>weather@town.example</sender><sent>2026-06-11T03:05:00+08:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope><info><category>Met</category><event>Rainstorm &amp; wind</event><urgency>Expected</urgency><severity>Severe</severity><certainty>Likely</certainty><area><areaDesc>Testtown</areaDesc><polygon>22.0,112.5 22.0,113.5 23.0,113.5 22.0,112.5</polygon><circle>22.5,113.0 5</circle></area></info></alert>";

/// Signed by nobody: of the form of a signature.
const SIGNED: &str = r#"<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>t-1</identifier><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/><ds:Reference URI=""><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/><ds:Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>DIGEST</ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue>AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>MIIBAA==</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature></alert>"#;

const EVENT: &str = "<event version=\"2.0\" uid=\"ANDROID-1\" type=\"a-f-G-U-C\" time=\"2026-06-11T03:05:00Z\" start=\"2026-06-11T03:05:00Z\" stale=\"2026-06-11T03:10:00Z\" how=\"m-g\"><point lat=\"22.5\" lon=\"113.0\" hae=\"9.0\" ce=\"5.0\" le=\"9.0\"/><detail><track course=\"270\" speed=\"3.5\"/><contact callsign=\"boat\"/><remarks>x</remarks></detail></event>";

const COUNT: &str = r#"{"day":"2026-06-11","place":"440703","syndrome":"ili","age":"0-4","sex":"female","count":12,"deaths":0,"reported":"2026-06-12T09:00:00+08:00"}"#;

const FORECAST: &str = r#"{"id":"TJ-1","t":"2026-09-11T12:00:00+08:00","station":"JM-0211","property":"water_level","unit":"m","values":[{"t":"2026-09-11T18:00:00+08:00","v":3.9},{"t":"2026-09-12T00:00:00+08:00","v":4.2}]}"#;

const HOSPITAL: &str = r#"{"hospital":"JM-H01","t":"2026-09-11T22:00:00+08:00","bed_capacity":[{"type":"adult_icu","status":"vacant_available","baseline":44,"available":4,"additional_24h":6,"additional_72h":10}],"traffic":"closed","traffic_reason":"CT","ems_capacity":{"red":1,"green":12},"offload":"delayed","offload_minutes":45,"clinical":"full","facility":"compromised","staffing":"adequate","admissions_24h":31,"note":"x"}"#;

/// The example of the standard's form, with every part that is read.
pub(crate) const HAVE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<have:HospitalStatus xmlns:have="urn:oasis:names:tc:emergency:EDXL:HAVE:1.0" xmlns:xnl="urn:oasis:names:tc:ciq:xnl:3" xmlns:gml="http://www.opengis.net/gml">
 <have:Hospital>
  <have:Organization>
   <have:OrganizationInformation><xnl:OrganisationName xnl:ID="JM-H01"><xnl:NameElement>蓬江第一人民医院(虚构)</xnl:NameElement></xnl:OrganisationName></have:OrganizationInformation>
   <have:OrganizationGeoLocation><gml:Point><gml:coordinates>22.5, 113.0</gml:coordinates></gml:Point></have:OrganizationGeoLocation>
  </have:Organization>
  <have:EmergencyDepartmentStatus>
   <have:EMSTraffic><have:EMSTrafficStatus>Closed</have:EMSTrafficStatus><have:EMSTrafficReason>CT 停机</have:EMSTrafficReason></have:EMSTraffic>
   <have:EMSCapacity><have:TriageCount><have:TriageCodeRed>1</have:TriageCodeRed><have:TriageCodeGreen><have:Quantity>12</have:Quantity></have:TriageCodeGreen></have:TriageCount></have:EMSCapacity>
   <have:EMSCensus><have:TriageCode><have:TriageCodeValue>Yellow</have:TriageCodeValue><have:TriageCountQuantity>7</have:TriageCountQuantity></have:TriageCode></have:EMSCensus>
   <have:EMSAmbulanceStatus><have:EMSOffloadStatus>Delayed</have:EMSOffloadStatus><have:EMSOffloadMinutes>45</have:EMSOffloadMinutes></have:EMSAmbulanceStatus>
  </have:EmergencyDepartmentStatus>
  <have:HospitalBedCapacityStatus>
   <have:BedCapacity><have:BedType>AdultICU</have:BedType><have:Capacity><have:CapacityStatus>Vacant/Available</have:CapacityStatus><have:AvailableCount>4</have:AvailableCount><have:BaselineCount>44</have:BaselineCount><have:AdditionalCapacityCount24Hr>6</have:AdditionalCapacityCount24Hr><have:AdditionalCapacityCount72Hr>10</have:AdditionalCapacityCount72Hr></have:Capacity></have:BedCapacity>
   <have:BedCapacity><have:BedType>MedicalSurgical</have:BedType><have:CapacityStatus>VacantAvailable</have:CapacityStatus><have:AvailableCount>56</have:AvailableCount><have:BaselineCount>156</have:BaselineCount></have:BedCapacity>
  </have:HospitalBedCapacityStatus>
  <have:ServiceCoverageStatus><have:Burn>true</have:Burn></have:ServiceCoverageStatus>
  <have:HospitalFacilityStatus>
   <have:ClinicalStatus>Full</have:ClinicalStatus><have:DeconCapacity>Open</have:DeconCapacity>
   <have:MorgueCapacity><have:MorgueCapacityStatus>Open</have:MorgueCapacityStatus><have:MorgueCapacityUnits>9</have:MorgueCapacityUnits></have:MorgueCapacity>
   <have:FacilityStatus>Compromised</have:FacilityStatus><have:SecurityStatus>RestrictedAccess</have:SecurityStatus>
   <have:Activity24Hr><have:Admissions>31</have:Admissions><have:Discharges>20</have:Discharges><have:Deaths>1</have:Deaths></have:Activity24Hr>
  </have:HospitalFacilityStatus>
  <have:HospitalResourceStatus><have:FacilityOperations>Insufficient</have:FacilityOperations><have:Staffing>Adequate</have:Staffing><have:CommentText>氧气 6 小时</have:CommentText></have:HospitalResourceStatus>
  <have:LastUpdateTime>2026-09-11T22:00:00+08:00</have:LastUpdateTime>
 </have:Hospital>
</have:HospitalStatus>"#;

/// Two events, of which one has two origins and two magnitudes.
pub(crate) const QUAKE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<q:quakeml xmlns="http://quakeml.org/xmlns/bed/1.2" xmlns:q="http://quakeml.org/xmlns/quakeml/1.2">
 <eventParameters publicID="smi:example.org/parameters">
  <event publicID="smi:example.org/event/1">
   <preferredOriginID>smi:example.org/origin/2</preferredOriginID>
   <preferredMagnitudeID>smi:example.org/magnitude/Mw</preferredMagnitudeID>
   <type>earthquake</type>
   <description><text>TAISHAN OFFSHORE (fictional)</text><type>region name</type></description>
   <creationInfo><agencyID>GD</agencyID><creationTime>2026-06-10T19:10:00Z</creationTime></creationInfo>
   <origin publicID="smi:example.org/origin/1"><time><value>2026-06-10T19:04:00</value></time>
    <latitude><value>21.0</value></latitude><longitude><value>112.0</value></longitude></origin>
   <origin publicID="smi:example.org/origin/2"><time><value>2026-06-10T19:05:00.123456Z</value></time>
    <latitude><value>21.6</value><uncertainty>0.1</uncertainty></latitude><longitude><value>112.9</value></longitude>
    <depth><value>12000</value></depth><evaluationMode>manual</evaluationMode>
    <creationInfo><creationTime>2026-06-10T19:30:00Z</creationTime></creationInfo></origin>
   <magnitude publicID="smi:example.org/magnitude/ML"><mag><value>4.9</value></mag><type>ML</type></magnitude>
   <magnitude publicID="smi:example.org/magnitude/Mw"><mag><value>4.3</value></mag><type>Mw</type></magnitude>
  </event>
  <event publicID="smi:example.org/event/2"><type>not existing</type>
   <origin publicID="o"><time><value>2026-06-10T19:04:00Z</value></time>
    <latitude><value>21.0</value></latitude><longitude><value>112.0</value></longitude></origin></event>
 </eventParameters>
</q:quakeml>"#;

const MANIFEST: &str = r#"{"format":"fenghuo-exchange","version":1,"from":"a","to":"b","number":1,"previous":null,"key":"x","made_ms":1781118300000,"status":"actual","backlog":false,"items":1,"kinds":{"observation":1},"left_out":0,"selection":{"agencies":[],"kinds":[],"areas":[]},"span":{"from_seq":1,"to_seq":2},"data":{"encoding":"zstd","bytes":9,"sha256":"00"}}"#;

const STORM: &str = "66666 2613  003 0019 2613 0 6              RONGLAN              20260911        \n26091006 002 2 168 1201 1000     000                                            \n26091100 002 4 199 1172  975     055     30060 0040 90180 0120                  \n26091112 002 5 208 1149  955     080     90080 0080 40210 0150         #        \n";
