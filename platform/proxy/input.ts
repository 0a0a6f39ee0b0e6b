/** The toxics, each with its attributes: times in ms, `rate` in KB (1000 bytes) a second. Left out, they are 0. */
const ATTRIBUTES = {
  latency: ['latency', 'jitter'], timeout: ['timeout'], reset_peer: ['timeout'], bandwidth: ['rate'],
  slow_close: ['delay'], limit_data: ['bytes'],
} as const;
/** What a timer can hold, ms; more than enough for the others. */
const HIGHEST = 2 ** 31 - 1;
const NAME = /^[\w.:-]{1,64}$/;

export type ToxicType = keyof typeof ATTRIBUTES;
export type Stream = 'upstream' | 'downstream';

/** A toxic as Toxiproxy's API gives it. Stages read its attributes as they are: a change reaches live connections. */
export interface Toxic {
  attributes: Record<string, number>;
  name: string;
  type: ToxicType;
  stream: Stream;
  /** Share of the connections that have it. */
  toxicity: number;
}

export interface ProxyInput {
  name: string;
  listen: string;
  upstream: string;
  enabled: boolean;
}

/** An error answer of the API, in Toxiproxy's words and with its status. */
export class ApiFault extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const bad = (detail: string): ApiFault => new ApiFault(400, `bad request body: ${detail}`);
const missing = (field: string): ApiFault => new ApiFault(400, `missing required field: ${field}`);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads a JSON body. Throws ApiFault 400. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw bad((error as Error).message);
  }
}

function fieldsOf(body: unknown): Record<string, unknown> {
  if (isObject(body)) return body;
  throw bad('an object is needed');
}

function text(fields: Record<string, unknown>, field: string, otherwise: string): string {
  const value = fields[field] ?? otherwise;
  if (typeof value === 'string') return value;
  throw bad(`${field} must be text`);
}

function named(name: string): string {
  if (NAME.test(name)) return name;
  throw bad('a name is 1 to 64 letters, digits, dashes, dots, colons and underscores');
}

/** A host and a port on loopback; the proxy is for tests on one machine, and no way into others. */
function address(value: string, field: string, lowestPort: number): string {
  const [, host = '', digits = ''] = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\]):(\d{1,5})$/.exec(value) ?? [];
  if (host !== '' && Number(digits) >= lowestPort && Number(digits) <= 65_535) {
    return `${host === 'localhost' ? '127.0.0.1' : host}:${Number(digits)}`;
  }
  throw bad(`${field} must be a port on loopback, such as 127.0.0.1:8080, not "${value.slice(0, 100)}"`);
}

/**
 * A proxy to make, or, with `before`, the fields to change of one that is there (its name cannot be). `at` says which
 * of several it is. Throws ApiFault 400.
 */
export function readProxy(body: unknown, before: ProxyInput | null, at = ''): ProxyInput {
  const fields = fieldsOf(body);
  const name = before?.name ?? text(fields, 'name', '');
  if (name === '') throw missing(`name${at}`);
  const upstream = text(fields, 'upstream', before?.upstream ?? '');
  if (upstream === '') throw missing(`upstream${at}`);
  const enabled = fields['enabled'] ?? before?.enabled ?? true;
  if (typeof enabled !== 'boolean') throw bad('enabled must be true or false');
  return {
    name: named(name), enabled, upstream: address(upstream, 'upstream', 1),
    listen: address(text(fields, 'listen', before?.listen ?? '127.0.0.1:0'), 'listen', 0),
  };
}

/** The proxies of a /populate. Throws ApiFault 400. */
export function readProxies(body: unknown): ProxyInput[] {
  if (!Array.isArray(body)) throw bad('a list of proxies is needed');
  return body.map((one, index) => readProxy(one, null, ` at proxy ${index + 1}`));
}

function readToxicity(fields: Record<string, unknown>, otherwise: number): number {
  const value = fields['toxicity'] ?? otherwise;
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw bad('toxicity must be a number from 0 to 1');
}

/** Unknown attributes are refused where Toxiproxy passes over them: a misspelt one would be a fault that is none. */
function readAttributes(
  fields: Record<string, unknown>, type: ToxicType, before: Record<string, number>,
): Record<string, number> {
  const given = fields['attributes'] ?? {};
  if (!isObject(given)) throw bad('attributes must be an object');
  const known: readonly string[] = ATTRIBUTES[type];
  const attributes = Object.fromEntries(known.map((name) => [name, before[name] ?? 0]));
  for (const [name, value] of Object.entries(given)) {
    if (!known.includes(name)) throw bad(`${type} has no attribute ${name.slice(0, 64)} (known: ${known.join(', ')})`);
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > HIGHEST) {
      throw bad(`attributes.${name} must be a whole number from 0 to ${HIGHEST}`);
    }
    attributes[name] = value;
  }
  return attributes;
}

/** A toxic to add. Throws ApiFault 400. */
export function readToxic(body: unknown): Toxic {
  const fields = fieldsOf(body);
  const stream = text(fields, 'stream', 'downstream');
  if (stream !== 'upstream' && stream !== 'downstream') {
    throw new ApiFault(400, 'stream was invalid, can be either upstream or downstream');
  }
  const type = text(fields, 'type', '') as ToxicType;
  if (!Object.hasOwn(ATTRIBUTES, type)) throw new ApiFault(400, 'invalid toxic type');
  const name = named(text(fields, 'name', '') || `${type}_${stream}`);
  return { attributes: readAttributes(fields, type, {}), name, type, stream, toxicity: readToxicity(fields, 1) };
}

/** What a change to a toxic makes of it: its attributes and its toxicity, nothing else. Throws ApiFault 400. */
export function readToxicChange(body: unknown, toxic: Toxic): Pick<Toxic, 'attributes' | 'toxicity'> {
  const fields = fieldsOf(body);
  return {
    attributes: readAttributes(fields, toxic.type, toxic.attributes), toxicity: readToxicity(fields, toxic.toxicity),
  };
}
