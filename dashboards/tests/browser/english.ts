// English sentences on a screen that should be Chinese.
import type { Page } from 'playwright-core';

/** What is allowed to be Latin in a row: titles of what is cited, names of keys, units and protocols. */
const ALLOWED = ['Bagust, Place & Posnett 1999, BMJ', 'Ctrl', 'Shift', 'Enter', 'Esc', 'End'];

/** Every text and every spoken attribute on the page with three or more English words in a row. */
export function english(page: Page): Promise<string[]> {
  return page.evaluate((allowed) => {
    const SENTENCE = /[A-Za-z][A-Za-z'’-]*(?:[ ,;:]+[A-Za-z][A-Za-z'’-]*){2,}/;
    const clean = (text: string): string => allowed.reduce((left, part) => left.replaceAll(part, '·'), text);
    const found: string[] = [];
    const look = (text: string | null): void => {
      const hit = SENTENCE.exec(clean((text ?? '').replace(/\s+/g, ' ')));
      if (hit !== null) found.push(hit[0]);
    };
    for (const e of document.querySelectorAll('body, body *')) {
      if (e.closest('script, style, [lang="en"]') !== null) continue;
      for (const name of ['title', 'aria-label', 'placeholder', 'alt']) look(e.getAttribute(name));
      for (const child of e.childNodes) if (child.nodeType === Node.TEXT_NODE) look(child.nodeValue);
      if (e.children.length > 0 && [...e.children].every((c) => getComputedStyle(c).display.startsWith('inline'))) look((e as HTMLElement).innerText);
    }
    return found;
  }, ALLOWED);
}
