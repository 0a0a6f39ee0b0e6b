import type { Form } from './form.ts';
import { StripeFault } from './intents.ts';
import type { Condition, PaymentIntent, Store } from './store.ts';

function pageSize(form: Form): number {
  const limit = Number(form.text['limit'] ?? '10');
  if (Number.isInteger(limit) && limit >= 1 && limit <= 100) return limit;
  throw new StripeFault(400, { message: 'limit must be a whole number from 1 to 100.', param: 'limit' });
}

function cursor(store: Store, id: string): number {
  const position = store.position(id);
  if (position !== null) return position;
  throw new StripeFault(400, { code: 'resource_missing', message: `No such object: '${id}'`, param: 'cursor' });
}

const BOUNDS = { gte: '>=', gt: '>', lte: '<=', lt: '<' } as const;

/** `created[gte|gt|lte|lt]`, in seconds. */
function createdWithin(form: Form): Condition[] {
  const bounds = form.nested['created'] ?? {};
  return Object.entries(BOUNDS).flatMap(([name, sign]) => {
    const text = bounds[name];
    if (text === undefined) return [];
    if (!/^\d{1,12}$/.test(text)) {
      throw new StripeFault(400, { message: 'created is in whole seconds.', param: `created[${name}]` });
    }
    return [{ sql: `json_extract(body, '$.created') ${sign} ?`, values: [Number(text)] }];
  });
}

/** A page of Stripe's cursor pagination, newest first: `starting_after` or `ending_before`; refunds also by intent. */
export function page(store: Store, kind: 'payment_intent' | 'refund', form: Form, url: string): object {
  const limit = pageSize(form);
  const conditions = createdWithin(form);
  const intent = form.text['payment_intent'];
  if (kind === 'refund' && intent !== undefined) conditions.push({ sql: 'parent = ?', values: [intent] });
  const { starting_after: after, ending_before: before } = form.text;
  const isBackwards = after === undefined && before !== undefined;
  if (after !== undefined) conditions.push({ sql: 'seq < ?', values: [cursor(store, after)] });
  if (isBackwards) conditions.push({ sql: 'seq > ?', values: [cursor(store, before)] });
  const rows = store.select(kind, conditions, isBackwards ? 'oldest' : 'newest', limit + 1);
  const data = rows.slice(0, limit).map(({ object }) => object);
  return { object: 'list', url, has_more: rows.length > limit, data: isBackwards ? data.reverse() : data };
}

const CLAUSE = /^\s*(?:(status|currency):|metadata\[(['"])(.+?)\2\]:)(['"])(.*?)\4\s*$/;
/** What has an index of its own, written as the index has it. */
const INDEXED = ['run_id', 'intent_id'];

function condition(clause: string): Condition {
  const match = CLAUSE.exec(clause);
  if (match === null) throw new StripeFault(400, { message: `Cannot parse the query: ${clause}`, param: 'query' });
  const [, field, , key = '', , value = ''] = match;
  if (field !== undefined) return { sql: `json_extract(body, '$.${field}') = ?`, values: [value] };
  if (INDEXED.includes(key)) return { sql: `json_extract(body, '$.metadata.${key}') = ?`, values: [value] };
  return {
    sql: "EXISTS (SELECT 1 FROM json_each(body, '$.metadata') AS own WHERE own.key = ? AND own.value = ?)",
    values: [key, value],
  };
}

/**
 * Stripe's search for the clauses we use: `metadata['run_id']:'x' AND status:'succeeded'`. A page's token is where it
 * ended, so that what is made meanwhile shifts nothing.
 */
export function search(store: Store, form: Form, url: string): object {
  const limit = pageSize(form);
  const conditions = (form.text['query'] ?? '').split(/\s+AND\s+/).map(condition);
  const { page: token } = form.text;
  if (token !== undefined) {
    if (!/^\d{1,15}$/.test(token)) throw new StripeFault(400, { message: 'No such page.', param: 'page' });
    conditions.push({ sql: 'seq < ?', values: [Number(token)] });
  }
  const rows = store.select<PaymentIntent>('payment_intent', conditions, 'newest', limit + 1);
  const shown = rows.slice(0, limit);
  const more = rows.length > limit;
  return {
    object: 'search_result', url, has_more: more, data: shown.map(({ object }) => object),
    next_page: more ? String(shown.at(-1)?.position) : null,
  };
}
