// Doors of protocols that know no credential of their own: SL 651 and Cursor-on-Target by TLS. The
// client's certificate names whom the line speaks for; the city's authority signs it.
import type { Command, Filled, Guide, Reached } from './guide';
import { words } from './guide';
import { event, registerDevice } from './positions';
import { escaped, frame, register, settings } from './sl651';

/** A key and a request of the agency's, and the authority's signature under it. */
function certificate(name: string): Command[] {
  return [
    {
      label: 'start.tls.request',
      text: `openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \\\n  -subj '/CN=${name}' -keyout '${name}.key' -out '${name}.csr'`,
    },
    {
      label: 'start.tls.sign',
      text: `printf 'extendedKeyUsage=clientAuth\\n' > client.ext\nopenssl x509 -req -in '${name}.csr' -CA ca.pem -CAkey ca.key -CAcreateserial \\\n  -days 365 -extfile client.ext -out '${name}.pem'`,
    },
  ];
}

/** `openssl s_client`, which shows the certificate and checks the platform's. */
function client(door: Reached | null, name: string): string {
  const { host, port } = door ?? { host: '', port: '' };
  const named = /^[\d.]+$|^\[/.test(host) ? `-verify_ip ${host.replace(/[[\]]/g, '')}` : `-verify_hostname ${host}`;
  return `openssl s_client -quiet -no_ign_eof -connect ${host}:${port} \\\n  -verify_return_error ${named} -cert ${name}.pem -key ${name}.key`;
}

/** Sends a frame and shows the answer in hexadecimal. */
function spoken(f: Filled, label: Command['label'], fn: number): Command {
  return { label, text: `bash -c '{ printf "${escaped(frame(f, fn))}"; sleep 3; } | ${client(f.sl651s, f.agency)} | od -An -tx1'` };
}

export const sl651s: Guide = {
  id: 'sl651s', group: 'values', title: 'start.sl651s', note: 'start.sl651s.note', door: 'sl651s', fill: ['telemetry'],
  commands: (f) => f.telemetry === null ? [register(f)] : [
    ...certificate(f.agency),
    settings(f, f.telemetry, `TLS ${f.sl651s?.host ?? ''}:${f.sl651s?.port ?? ''}`),
    spoken(f, 'start.sl651.test', 0x30),
    spoken(f, 'start.sl651.send', 0x32),
  ],
};

export const cots: Guide = {
  id: 'cots', group: 'places', title: 'start.cots', note: 'start.cots.note', door: 'cots', fill: ['unit'],
  commands: (f) => {
    const uid = f.start.units.find((u) => u.id === f.unit)?.cot_uid;
    if (uid == null) return [registerDevice(f)];
    return [
      ...certificate(f.unit),
      { label: 'start.cot.send', text: `bash -c '{ printf "%s" "$0"; sleep 1; } | ${client(f.cots, f.unit)}' '${event(f, uid, -1)}'` },
      {
        label: 'start.cot.p12',
        text: `openssl pkcs12 -export -in '${f.unit}.pem' -inkey '${f.unit}.key' -passout pass:atakatak -out '${f.unit}.p12'`,
      },
      {
        label: 'start.cot.device', isText: true,
        text: `# ATAK: Settings > Network > TAK Servers\n# ${f.cots?.host ?? ''}:${f.cots?.port ?? ''} SSL, uid ${uid}\n# ${words(f, 'start.cot.store')}${words(f, 'explain.colon')}${f.unit}.p12`,
      },
    ];
  },
};
