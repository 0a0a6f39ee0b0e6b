import { parseCsv } from './csv.ts';
import { MAX_AMOUNT_CENTS, MIN_AMOUNT_CENTS, formatCents, parseCents } from './money.ts';
import { SKILLS } from './seed.ts';

export const MAX_ROWS = 1000;
/** Enough for 1,000 listings with long descriptions; object storage takes files up to 5 MiB. */
export const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MAX_TITLE = 120;
const MAX_DESCRIPTION = 2000;
const STATUSES = ['active', 'withdrawn'] as const;
const COLUMNS = ['externalId', 'title', 'description', 'skill', 'price', 'status'] as const;
const REQUIRED = ['externalId', 'title', 'skill', 'price'] as const;

export interface ListingRow {
  externalId: string;
  title: string;
  description: string;
  skill: string;
  priceCents: number;
  status: (typeof STATUSES)[number];
}
/** What is wrong with one row; `row` counts from 1, the line of column names left out. */
export interface RowFault {
  row: number;
  externalId: string | null;
  problems: string[];
}
export interface ReadRows {
  rows: ListingRow[];
  faults: RowFault[];
}

const isSkill = (text: string): boolean => SKILLS.some(([slug]) => slug === text);
const textOf = (value: unknown): string => typeof value === 'string' ? value.trim() : '';

/** Reads one row, its price in cents already or null where it is none. */
function readRow(raw: Record<string, unknown>, priceCents: number | null): ListingRow | string[] {
  const problems: string[] = [];
  const need = (holds: boolean, problem: string): void => void (holds || problems.push(problem));
  const externalId = textOf(raw['externalId']);
  const title = textOf(raw['title']).replace(/\s+/g, ' ');
  const description = textOf(raw['description']);
  const skill = textOf(raw['skill']);
  const status = STATUSES.find((one) => one === (textOf(raw['status']) || 'active'));
  need(/^[\w.:-]{1,64}$/.test(externalId), 'externalId must be 1 to 64 letters, digits and . : _ -');
  need(title.length >= 3 && title.length <= MAX_TITLE, `title must have 3 to ${MAX_TITLE} characters`);
  need(description.length <= MAX_DESCRIPTION, `description must have at most ${MAX_DESCRIPTION} characters`);
  need(!/[\p{Cc}--[\t\n\r]]/v.test(title + description), 'text must have no control characters');
  need(isSkill(skill), `skill must be one of ${SKILLS.map(([slug]) => slug).join(', ')}`);
  const range = `${formatCents(MIN_AMOUNT_CENTS)} to ${formatCents(MAX_AMOUNT_CENTS)}`;
  const isPrice = priceCents !== null && priceCents >= MIN_AMOUNT_CENTS && priceCents <= MAX_AMOUNT_CENTS;
  need(isPrice, `the price must be from ${range}`);
  need(status !== undefined, `status must be ${STATUSES.join(' or ')}`);
  if (problems.length > 0 || status === undefined || priceCents === null) return problems;
  return { externalId, title, description, skill, priceCents, status };
}

interface RawRow {
  raw: Record<string, unknown>;
  priceCents: number | null;
}

function readAll(all: RawRow[]): ReadRows {
  if (all.length === 0) throw new RangeError('there are no listings in it');
  if (all.length > MAX_ROWS) throw new RangeError(`${all.length} listings are more than ${MAX_ROWS}, the most at once`);
  const rows: ListingRow[] = [];
  const faults: RowFault[] = [];
  const seen = new Map<string, number>();
  for (const [index, { raw, priceCents }] of all.entries()) {
    const read = readRow(raw, priceCents);
    const row = index + 1;
    const externalId = textOf(raw['externalId']).slice(0, 64);
    const first = seen.get(externalId);
    const problems = Array.isArray(read) ? read
      : first === undefined ? [] : [`row ${first} has the same externalId`];
    if (problems.length > 0) faults.push({ row, externalId: externalId || null, problems });
    else if (!Array.isArray(read)) rows.push(read);
    if (first === undefined) seen.set(externalId, row);
  }
  return { rows, faults };
}

/** Listings as JSON: `{ listings: [{ externalId, title, skill, priceCents, … }] }`. Throws RangeError on a whole that is none. */
export function readJsonRows(body: unknown): ReadRows {
  const listings = (body as { listings?: unknown } | null)?.listings;
  if (!Array.isArray(listings)) throw new RangeError('it needs a list "listings"');
  return readAll(listings.map((one: unknown) => {
    const raw = typeof one === 'object' && one !== null ? one as Record<string, unknown> : {};
    const cents = raw['priceCents'];
    return { raw, priceCents: Number.isSafeInteger(cents) ? cents as number : null };
  }));
}

/** Listings as CSV in UTF-8, the first line naming the columns; prices as people write them. Throws RangeError as above. */
export function readCsvRows(content: Buffer): ReadRows {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    throw new RangeError('it is not text in UTF-8');
  }
  const [head, ...records] = parseCsv(text);
  const names = (head?.fields ?? []).map((name) => name.toLowerCase().replace(/[\s_-]/g, ''));
  const at = Object.fromEntries(COLUMNS.map((column) => [column, names.indexOf(column.toLowerCase())]));
  const missing = REQUIRED.filter((column) => at[column] === -1);
  if (missing.length > 0) throw new RangeError(`its first line must name the columns; missing: ${missing.join(', ')}`);
  return readAll(records.map(({ fields }) => {
    const raw = Object.fromEntries(COLUMNS.map((column) => [column, fields[at[column] ?? -1] ?? '']));
    return { raw, priceCents: parseCents(raw['price'] ?? '') };
  }));
}
