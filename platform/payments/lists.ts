import type { Form } from './form.ts';
import { StripeFault } from './intents.ts';
import type { PaymentIntent } from './store.ts';

function pageSize(form: Form): number {
  const limit = Number(form.text['limit'] ?? '10');
  if (Number.isInteger(limit) && limit >= 1 && limit <= 100) return limit;
  throw new StripeFault(400, { message: 'limit must be a whole number from 1 to 100.', param: 'limit' });
}

/** A page of Stripe's cursor pagination: `starting_after` or `ending_before`, and `created[gte|gt|lte|lt]` seconds. */
export function page<T extends { id: string; created: number }>(all: T[], form: Form, url: string): object {
  const limit = pageSize(form);
  const bounds = form.nested['created'] ?? {};
  const edge = (name: string, fallback: number): number => Number(bounds[name] ?? fallback);
  let rows = all.filter((row) => row.created >= edge('gte', 0) && row.created > edge('gt', -1)
    && row.created <= edge('lte', Infinity) && row.created < edge('lt', Infinity));
  const cursor = form.text['starting_after'] ?? form.text['ending_before'];
  const at = cursor === undefined ? -1 : rows.findIndex((row) => row.id === cursor);
  if (cursor !== undefined && at < 0) {
    throw new StripeFault(400, { code: 'resource_missing', message: `No such object: '${cursor}'`, param: 'cursor' });
  }
  if (form.text['starting_after'] !== undefined) rows = rows.slice(at + 1);
  else if (at >= 0) {
    const before = rows.slice(0, at);
    return { object: 'list', url, has_more: before.length > limit, data: before.slice(-limit) };
  }
  return { object: 'list', url, has_more: rows.length > limit, data: rows.slice(0, limit) };
}

const CLAUSE = /^\s*(?:(status|currency):|metadata\[(['"])(.+?)\2\]:)(['"])(.*?)\4\s*$/;

/** Stripe's search for the clauses we use: `metadata['run_id']:'x' AND status:'succeeded'`. */
export function search(all: PaymentIntent[], form: Form, url: string): object {
  const limit = pageSize(form);
  const clauses = (form.text['query'] ?? '').split(/\s+AND\s+/).map((text) => {
    const match = CLAUSE.exec(text);
    if (match === null) throw new StripeFault(400, { message: `Cannot parse the query: ${text}`, param: 'query' });
    return { field: match[1], key: match[3] ?? '', value: match[5] ?? '' };
  });
  const rows = all.filter((row) => clauses.every(({ field, key, value }) =>
    (field === 'status' ? row.status : field === 'currency' ? row.currency : row.metadata[key]) === value));
  const from = Number(form.text['page'] ?? '0');
  const more = rows.length > from + limit;
  const data = rows.slice(from, from + limit);
  return { object: 'search_result', url, has_more: more, next_page: more ? String(from + limit) : null, data };
}
