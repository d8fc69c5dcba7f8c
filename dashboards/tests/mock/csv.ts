// Rows of a small CSV file with a header and quoted fields, and thresholds of a hazard's file.
import { readFileSync } from 'node:fs';

export function csv(path: string): Record<string, string>[] {
  const lines = readFileSync(path, 'utf8').split(/\r?\n/).filter((l) => l !== '');
  const names = cells(lines[0] ?? '');
  return lines.slice(1).map((line) => {
    const row = cells(line);
    return Object.fromEntries(names.map((name, at) => [name, row[at] ?? '']));
  });
}

function cells(line: string): string[] {
  const out: string[] = [];
  let cell = '';
  let quoted = false;
  for (const c of line) {
    if (c === '"') quoted = !quoted;
    else if (c === ',' && !quoted) {
      out.push(cell);
      cell = '';
    } else cell += c;
  }
  return [...out, cell];
}

/** `[[name]]` tables of a TOML file with plain `key = value` lines, and the keys before the first. */
export function tables(path: string): { head: Record<string, string>; rows: Record<string, string>[] } {
  const head: Record<string, string> = {};
  const rows: Record<string, string>[] = [];
  let at = head;
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (line.startsWith('[[')) rows.push((at = {}));
    const pair = /^(\w+)\s*=\s*(?:"([^"]*)"|([^#\s]+))/.exec(line);
    if (pair !== null) at[pair[1] as string] = pair[2] ?? pair[3] ?? '';
  }
  return { head, rows };
}
