import { z } from 'zod';
import type { Fault } from '../errors.ts';
import { HttpCall, ProviderFault, Toxic, type DrillAction } from '../model/index.ts';
import { didYouMean } from '../nearest.ts';
import { toSeconds } from './script.ts';
import type { YamlFile } from './yaml.ts';
import { isObject, shown, zodFaults } from './zod-faults.ts';

export const words = z.string().trim().min(1);

function length(least: number, what: string) {
  return z.unknown().transform((value, context) => {
    const seconds = toSeconds(value);
    if (seconds !== null && seconds >= least) return seconds;
    context.addIssue({ code: 'custom', message: `must be ${what} such as 10s, not ${shown(value)}` });
    return z.NEVER;
  });
}

/** A length of time as people write it; seconds. */
export const duration = length(0.001, 'a length of time');
const start = length(0, "a time from the phase's start");

/** A worker that was killed is given this long to come back where the file does not say. */
const WORKER_S = 5;

const when = { from: start, for: duration };

/** What each toxic of Toxiproxy takes; a wrong name is taken by the real one without a word. */
const ATTRIBUTES: Record<Toxic['type'], readonly string[]> = {
  latency: ['latency', 'jitter'], timeout: ['timeout'], reset_peer: ['timeout'], bandwidth: ['rate'], slow_close: ['delay'], limit_data: ['bytes'],
};

const cut = z.strictObject({ ...when, cut: words });
const toxic = z.strictObject({ ...when, toxic: z.strictObject({ dependency: words, ...Toxic.shape }) });
const provider = z.strictObject({
  ...when,
  provider: z.strictObject({
    dependency: words, mode: ProviderFault.shape.mode, share: ProviderFault.shape.share,
    retry_after: duration.optional(), delay: duration.optional(),
  }),
});
const flag = z.strictObject({ ...when, flag: words, enabled: z.boolean() });
const killWorker = z.strictObject({ from: start, for: duration.default(WORKER_S), kill_worker: z.literal(true) });
const command = z.strictObject({ ...when, command: z.array(words).min(1), undo: z.array(words).min(1).optional() });
const http = z.strictObject({ ...when, http: HttpCall, undo: HttpCall.optional() });

interface Form {
  /** Keys that may stand in it, for hints. */
  keys: string[];
  schema: z.ZodType<DrillAction>;
}

function form<Schema extends z.ZodObject>(schema: Schema, translate: (read: z.output<Schema>) => DrillAction): Form {
  const inner = Object.values(schema.shape).flatMap((one) => (one instanceof z.ZodObject ? Object.keys(one.shape) : []));
  return { keys: [...Object.keys(schema.shape), ...inner], schema: schema.transform(translate) };
}

const at = ({ from, for: forS }: { from: number; for: number }): { fromS: number; forS: number } => ({ fromS: from, forS });

/** A union of all forms gives errors that nobody can read: the key that names the form chooses it first. */
const FORMS = new Map<string, Form>([
  ['cut', form(cut, (one) => ({ kind: 'cut', dependency: one.cut, ...at(one) }))],
  ['toxic', form(toxic, ({ toxic: { dependency, ...rest }, ...one }) => ({ kind: 'toxic', dependency, toxic: rest, ...at(one) }))],
  ['provider', form(provider, ({ provider: { dependency, mode, share, retry_after: retry, delay }, ...one }) => ({
    kind: 'provider', dependency, ...at(one),
    fault: {
      mode, share,
      ...(retry === undefined ? {} : { retryAfterSeconds: Math.round(retry) }),
      ...(delay === undefined ? {} : { delayMs: Math.round(delay * 1_000) }),
    },
  }))],
  ['flag', form(flag, ({ flag: name, enabled, ...one }) => ({ kind: 'flag', flag: name, enabled, ...at(one) }))],
  ['kill_worker', form(killWorker, (one) => ({ kind: 'kill-worker', ...at(one) }))],
  ['command', form(command, ({ command: run, undo, ...one }) => ({ kind: 'command', run, undo: undo ?? null, ...at(one) }))],
  ['http', form(http, ({ http: call, undo, ...one }) => ({ kind: 'http', call, undo: undo ?? null, ...at(one) }))],
]);

/** Returns the actions of a drill's method, with every fault of the list. */
export function readMethod(file: YamlFile, raw: unknown): { actions: DrillAction[]; faults: Fault[] } {
  if (!Array.isArray(raw) || raw.length === 0) {
    return { actions: [], faults: [{ where: file.where(['method']), message: 'must be a list of at least one fault' }] };
  }
  const read = raw.map((one: unknown, index) => readAction(file, one, index));
  return { actions: read.flatMap(({ action }) => action ?? []), faults: read.flatMap(({ faults }) => faults) };
}

function readAction(file: YamlFile, raw: unknown, index: number): { action: DrillAction | null; faults: Fault[] } {
  const base = ['method', index];
  const known = [...FORMS.keys()];
  const refuse = (message: string, hint?: string): { action: null; faults: Fault[] } =>
    ({ action: null, faults: [{ where: file.where(base), message, ...(hint === undefined ? {} : { hint }) }] });
  if (!isObject(raw)) return refuse(`must be a fault ("from:", "for:" and what it does), not ${shown(raw)}`);
  const named = known.filter((key) => key in raw);
  const chosen = FORMS.get(named[0] ?? '');
  if (!chosen || named.length > 1) {
    const other = Object.keys(raw).find((key) => key !== 'from' && key !== 'for');
    return refuse(`must have one of ${known.join(', ')}`, named.length > 1 ? 'one fault an entry' : other === undefined ? undefined : didYouMean(other, known));
  }
  const parsed = chosen.schema.safeParse(raw);
  if (!parsed.success) return { action: null, faults: zodFaults(file, parsed.error.issues, base, chosen.keys) };
  const action = parsed.data;
  const wrong = action.kind === 'toxic' ? wrongAttributes(file, action, index) : action.kind === 'provider' ? wrongFault(file, action, index) : [];
  return { action, faults: wrong };
}

function wrongAttributes(file: YamlFile, { toxic: given }: Extract<DrillAction, { kind: 'toxic' }>, index: number): Fault[] {
  const known = ATTRIBUTES[given.type];
  return Object.keys(given.attributes).filter((name) => !known.includes(name)).map((name) => ({
    where: file.whereKey(['method', index, 'toxic', 'attributes', name]), message: `the toxic ${given.type} does not take this`, hint: `it takes ${known.join(', ')}`,
  }));
}

function wrongFault(file: YamlFile, { fault }: Extract<DrillAction, { kind: 'provider' }>, index: number): Fault[] {
  const wrong = (message: string): Fault[] => [{ where: file.where(['method', index, 'provider', 'mode']), message }];
  if (fault.mode === 'slow' && fault.delayMs === undefined) return wrong('"slow" needs "delay", such as 3s');
  if (fault.mode !== 'slow' && fault.delayMs !== undefined) return wrong(`"${fault.mode}" takes no "delay"`);
  if (fault.mode !== 'rate-limit' && fault.retryAfterSeconds !== undefined) return wrong(`"${fault.mode}" takes no "retry_after"`);
  return [];
}
