import type { RunRecord, Story } from '../../model/index.ts';
import { runbookOf } from '../../model/index.ts';
import type { Draw } from './charts/draw.ts';
import { html } from './markup.ts';
import type { Markup } from './markup.ts';

/** What every section of the page is made from. */
export interface View {
  record: RunRecord;
  story: Story;
  draw: Draw;
  /** The run folder as a person would type it. */
  runPath: string;
  /** What files of the project are linked by: the way up from the run folder, or their address on the web; null where neither is known. */
  toProject: string | null;
  /** Pictures of failures by their names in the run folder, as data addresses. */
  pictures: ReadonlyMap<string, string>;
}

/** A part of the page under its own heading. */
export interface Section {
  id: string;
  title: string;
  /** The whole of it in one sentence; printed without the rest. */
  lead: string;
  body: Markup;
}

/** Names of files in the run folder that may be linked: relative, plain, never upwards. */
const FILE = /(?:failures\/)?[A-Za-z0-9_][A-Za-z0-9._-]*\.(?:png|jpe?g|webp|zip|ndjson|json|txt|log)/;
const WHOLE_FILE = new RegExp(`^${FILE.source}$`);
const FAILURE_FILES = /(failures\/[A-Za-z0-9_][A-Za-z0-9._-]*\.(?:png|jpe?g|webp|zip))/;

/** Returns whether this names a file of the run folder that a link may lead to. */
export function isRunFile(name: string): boolean {
  return WHOLE_FILE.test(name) && !name.includes('..');
}

/** Returns a link to a file of the run folder; just its name where that is no plain name. */
export function fileLink(name: string, text = name): Markup {
  return isRunFile(name) ? html`<a href="${name}">${text}</a>` : html`${text}`;
}

/** Returns a sentence of evidence with the files that it names as links. */
export function linked(sentence: string): Markup {
  return html`${sentence.split(FAILURE_FILES).map((part, index) => (index % 2 === 1 ? fileLink(part) : spaced(part)))}`;
}

/** Text is trimmed where it enters the page, so the spaces beside a link stand outside of it. */
function spaced(part: string): Markup {
  return html`${/^\s/.test(part) ? html` ` : null}${part}${/\S\s+$/.test(part) ? html` ` : null}`;
}

/** Returns a link to the runbook of gates on this metric, or its path where nobody knows the way there. */
export function runbookLink({ toProject }: Pick<View, 'toProject'>, metric: string): Markup {
  const path = runbookOf(metric);
  return toProject === null ? html`runbook <code>${path}</code>` : html`<a href="${toProject}${path}">runbook</a>`;
}

/** Returns what stands in the place of something that there is nothing of: that, and why. */
export function absent(what: string, why: string | Markup): Markup {
  return html`<p class="absent"><strong>No data</strong> ${what}: ${why}</p>`;
}
