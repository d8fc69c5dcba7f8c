// The few forms of Markdown in which the pages of the hazards are written. Pure.
export interface Span {
  text: string;
  kind: 'plain' | 'strong' | 'em' | 'code';
}
export type Block =
  | { kind: 'title' | 'text'; spans: Span[] }
  | { kind: 'list'; items: Span[][] }
  | { kind: 'table'; head: Span[][]; rows: Span[][][] };

const CJK = /[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]/;

/** Lines of one paragraph as one: no space between Chinese. */
const joined = (lines: string[]): string =>
  lines.map((l) => l.trim()).reduce((a, b) =>
    a === '' ? b : CJK.test(a.slice(-1)) || CJK.test(b.slice(0, 1)) ? a + b : `${a} ${b}`, '');

export function spans(text: string): Span[] {
  const out: Span[] = [];
  for (const m of text.matchAll(/\*\*(.+?)\*\*|\*(.+?)\*|`(.+?)`|([^*`]+|[*`])/g)) {
    if (m[1] !== undefined) out.push({ kind: 'strong', text: m[1] });
    else if (m[2] !== undefined) out.push({ kind: 'em', text: m[2] });
    else if (m[3] !== undefined) out.push({ kind: 'code', text: m[3] });
    else out.push({ kind: 'plain', text: m[4] ?? '' });
  }
  return out;
}

const cells = (line: string): Span[][] =>
  line.replace(/^\||\|$/g, '').split('|').map((c) => spans(c.trim()));

function items(lines: string[]): Span[][] {
  const all: string[][] = [];
  for (const line of lines) {
    if (line.startsWith('- ')) all.push([line.slice(2)]);
    else all.at(-1)?.push(line);
  }
  return all.map((l) => spans(joined(l)));
}

export function blocks(markdown: string): Block[] {
  return markdown.trim().split(/\n\s*\n/).map((part): Block => {
    const lines = part.split('\n');
    const first = lines[0] ?? '';
    if (first.startsWith('#')) return { kind: 'title', spans: spans(first.replace(/^#+\s*/, '')) };
    if (first.startsWith('- ')) return { kind: 'list', items: items(lines) };
    if (first.startsWith('|')) {
      return { kind: 'table', head: cells(first), rows: lines.slice(2).map(cells) };
    }
    return { kind: 'text', spans: spans(joined(lines)) };
  });
}
