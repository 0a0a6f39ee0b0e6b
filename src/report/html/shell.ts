import { createHash } from 'node:crypto';
import { html, textOf, trusted } from './markup.ts';
import type { Markup } from './markup.ts';
import { PRINT_STYLE, STYLE } from './style.ts';

/** Without indentation, which nobody reads in a page. */
const SHEET = `${STYLE}${PRINT_STYLE}`.replace(/\n+/g, '\n').trim();

/**
 * No script runs and nothing is fetched, whatever came into the page from outside: the one style sheet is named by its hash, pictures
 * are inside of the page (CSP Level 3).
 */
const POLICY = [
  'default-src \'none\'',
  `style-src 'sha256-${createHash('sha256').update(SHEET).digest('base64')}'`,
  'img-src data:', 'base-uri \'none\'', 'form-action \'none\'',
].join('; ');

/** Returns a self-contained page in the style of all reports, as text. */
export function htmlPage(title: string, body: Markup): string {
  return `<!doctype html>
${textOf(html`<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${trusted(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">
<title>${title}</title><style>${trusted(SHEET)}</style></head><body><main>${body}</main></body></html>`)}
`;
}
