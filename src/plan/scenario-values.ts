// What a scenarios file means where it says nothing, and what its values are. test/load/k6-script.js takes this file as
// well, so that both senders read the same file alike: nothing here may need a package or Node.
import type { ApiRequest } from '../model/index.ts';

type DataType = NonNullable<ApiRequest['data']>;
type Body = Readonly<Record<string, string>>;

/** Values that are made up wherever a request asks for them; a request with a `data_type` makes them anew. */
export const MADE_VALUES = ['name', 'email', 'password', 'title', 'details', 'amountCents', 'uuid'] as const;
export type MadeValue = (typeof MADE_VALUES)[number];

/** Returns whether a value of this name is made up where nothing else provides it. */
export function isMade(name: string): name is MadeValue {
  return (MADE_VALUES as readonly string[]).includes(name);
}

/** What a request with a `data_type` sends where the file gives no body, as Task 85's own does not. */
export const DATA_BODY: Readonly<Record<DataType, Body>> = {
  unique_email: { name: '{{name}}', email: '{{email}}', password: '{{password}}' },
  unique_project: { title: '{{title}}', details: '{{details}}', amountCents: '{{amountCents}}' },
};

/** What a value may be called. */
export const VALUE_NAME = /^[A-Za-z_]\w*$/;
const TEMPLATE = /\{\{([A-Za-z_]\w*)\}\}/g;

/** Returns the names of all values in a text, in order: `/projects/{{projectId}}` has one. */
export function valuesIn(text: string): string[] {
  return Array.from(text.matchAll(TEMPLATE), (match) => match[1] ?? '');
}

/** True if something in a text begins like a value and is none: `{{ id }}`, `{{1}}`, `{{id}`. */
export function hasBrokenValue(text: string): boolean {
  return text.replace(TEMPLATE, '').includes('{{');
}

/**
 * Returns method and path pattern under which a request's figures are kept. It is the name that browsers' requests have: a
 * pattern of the script's `routes` where one fits, else the path with `:id` for each segment that holds a value.
 */
export function routeOf(method: string, path: string, patterns: readonly string[]): string {
  const segments = path.split('/');
  const fits = (pattern: string): boolean => {
    const parts = pattern.split('/');
    return parts.length === segments.length
      && parts.every((part, index) => (part.startsWith(':') ? segments[index] !== '' : part === segments[index]));
  };
  return `${method} ${patterns.find(fits) ?? segments.map((one) => (one.includes('{{') ? ':id' : one)).join('/')}`;
}

/** The accounts of a file that says nothing of them: sign-up and log-in of the API that Task 85 tests. */
export const TASK_85_SESSIONS = {
  requests: [
    { path: '/api/v1/auth/signup', method: 'POST', data_type: 'unique_email' },
    { path: '/api/v1/auth/login', method: 'POST', body: { email: '{{email}}', password: '{{password}}' }, capture: { token: 'token' } },
  ],
  headers: { authorization: 'Bearer {{token}}' },
} as const;

/** What Task 85 guards by JWT; in a file that says nothing of sessions these have one. */
const TASK_85_GUARDED = ['/api/v1/auth/me', '/api/v1/projects', '/api/v1/payments'];

/** Returns whether a request of the file has a session: its own word, else its scenario's, else what Task 85 guards. */
export function hasSession(
  own: boolean | undefined, ofScenario: boolean | undefined, fileHasSessions: boolean, path: string,
): boolean {
  const guarded = TASK_85_GUARDED.some((known) => path === known || path.startsWith(`${known}/`));
  return own ?? ofScenario ?? (!fileHasSessions && guarded);
}

/** Returns the arrivals a second at the full rate. One for each user is Task 85's own ratio in scenario B: 50 for 50. */
export function rateOf(scenario: { target_rps?: number | undefined; target_vus: number }): number {
  return scenario.target_rps ?? scenario.target_vus;
}

/** Each account costs its target two hashed passwords, 30 ms of a core each on the bundled platform. */
const MAX_USERS_UNASKED = 100;

/** Returns how many accounts a scenario with sessions has. */
export function usersOf(scenario: { users?: number | undefined; target_vus: number }): number {
  return scenario.users ?? Math.min(scenario.target_vus, MAX_USERS_UNASKED);
}
