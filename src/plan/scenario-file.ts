import { z } from 'zod';
import { ApiRequest } from '../model/index.ts';
import { VALUE_NAME } from './scenario-values.ts';
import { shown } from './zod-faults.ts';

/** The scenarios file as it is written, one schema a level, so that each fault names its own key. */

export const METHODS: readonly string[] = ApiRequest.shape.method.options;
export const DATA_TYPES: readonly string[] = ApiRequest.shape.data.unwrap().options;

/** As k6 and Go write it; `10m` in Task 85. Zero is none. */
const DURATION = /^(?=.*[1-9])(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;
/** What RFC 3986 allows in a path; values stand for themselves. */
const PATH = /^(?:[\w\-.~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2}|\{\{|\}\})*$/;
const QUERY = /^(?:[\w\-.~!$&'()*+,;=:@/?[\]]|%[0-9A-Fa-f]{2}|\{\{|\}\})*$/;
const MAX_PATH_LENGTH = 2_000;

/** Returns what is wrong with a path, or null. */
function pathFault(path: string): string | null {
  if (path.length > MAX_PATH_LENGTH) return `is longer than ${MAX_PATH_LENGTH} characters`;
  if (/^[a-z][a-z0-9+.-]*:/i.test(path) || path.startsWith('//')) {
    return `names a host: give the path alone, the target is the run's: ${shown(path)}`;
  }
  if (!path.startsWith('/')) return `must begin with /, not ${shown(path)}`;
  if (/\s/.test(path)) return `has a space: ${shown(path)}`;
  if (/[?#]/.test(path)) return `has a query or a fragment, which belongs into "params": ${shown(path)}`;
  return PATH.test(path) ? null : `has characters that must be percent-encoded: ${shown(path)}`;
}

function queryFault(query: string): string | null {
  if (query.length > MAX_PATH_LENGTH) return `is longer than ${MAX_PATH_LENGTH} characters`;
  if (query.startsWith('?')) return `needs no ? before it: ${shown(query)}`;
  return QUERY.test(query) ? null : `has characters that must be percent-encoded (a space is %20 or +): ${shown(query)}`;
}

const textWithout = (fault: (text: string) => string | null): z.ZodString => z.string().superRefine((text, context) => {
  const message = fault(text);
  if (message !== null) context.addIssue({ code: 'custom', message });
});

const request = {
  path: textWithout(pathFault),
  method: ApiRequest.shape.method,
  params: z.array(textWithout(queryFault)).default([]),
  slo_p95_ms: z.number().positive().max(3_600_000).optional(),
  data_type: ApiRequest.shape.data.unwrap().optional(),
  body: z.json().optional(),
  session: z.boolean().optional(),
  capture: z.record(
    z.string().regex(VALUE_NAME, 'a name of letters, digits and _'),
    z.string().regex(/^[\w-]+(?:\.[\w-]+)*$/, 'a dotted path such as project.id'),
  ).default({}),
};
const weight = z.number().nonnegative();

export const StepEntry = z.strictObject(request);
export type StepEntry = z.infer<typeof StepEntry>;
export const EndpointEntry = z.strictObject({ ...request, weight });
export type EndpointEntry = z.infer<typeof EndpointEntry>;
export const SequenceEntry = z.strictObject({ weight, sequence: z.array(z.unknown()).min(1) });

export const ScenarioEntry = z.strictObject({
  name: z.string().trim().min(1).max(200),
  type: z.string().optional(),
  target_vus: z.number().int().positive().max(100_000),
  target_rps: z.number().positive().max(1_000_000).optional(),
  users: z.number().int().nonnegative().max(10_000).optional(),
  session: z.boolean().optional(),
  endpoints: z.array(z.unknown()).min(1),
});
export type ScenarioEntry = z.infer<typeof ScenarioEntry>;

/** Headers that a sender makes itself; given twice they would break the request. */
const OWN_HEADERS = /^(?:connection|content-length|expect|host|keep-alive|transfer-encoding|upgrade)$/i;

export const SessionsEntry = z.strictObject({
  requests: z.array(z.unknown()).min(1),
  headers: z.record(
    z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, 'the name of a header')
      .refine((name) => !OWN_HEADERS.test(name), 'a header that the sender does not make itself'),
    z.string().regex(/^[\x20-\x7e]*$/, 'plain text on one line'),
  ),
});

export const FileEntry = z.strictObject({
  project_name: z.string().optional(),
  test_tool: z.string().optional(),
  staging_url: z.string().optional(),
  global_vus: z.number().int().positive().max(100_000).optional(),
  global_duration: z.string().regex(DURATION, 'a duration of more than zero such as "10m"').optional(),
  sessions: z.unknown().optional(),
  scenarios: z.array(z.unknown()).min(1),
});
