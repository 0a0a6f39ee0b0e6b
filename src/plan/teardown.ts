import { z } from 'zod';
import { CodedError } from '../errors.ts';
import type { Plan, TeardownPlan } from '../model/index.ts';
import { EMBEDDED, isSafeAddress } from './audit.ts';

/** Stands for the run's id in an address. */
const RUN_ID = '{runId}';
/** Where the bundled platform counts and removes what a run made. */
const OWN_PATH = `/api/v1/test-runs/${RUN_ID}`;

/** Stands for one that no address holds by itself. */
const PROBE = 'r.4c1d2e-probe';

/**
 * The id may stand in the path or the query, as they are sent: in the host it would choose whom the token is sent to, and
 * without it (in a fragment, or taken back by `..`) everything would be removed.
 */
function isTeardownUrl(text: string): boolean {
  if (text === EMBEDDED) return true;
  const isPath = text.startsWith('/');
  if (isPath ? text.startsWith('//') || text.includes('\\') : !isSafeAddress(text)) return false;
  const sent = URL.parse(teardownAddress(`${isPath ? 'http://127.0.0.1' : ''}${text}`, PROBE));
  return sent !== null && !sent.host.includes(PROBE) && `${sent.pathname}${sent.search}`.includes(PROBE);
}

const WRONG_URL = 'must be a path of the target or an https address without credentials (http for this machine only), '
  + `with ${RUN_ID} in it`;

/** `teardown` of the journeys plugin: who counts and removes what a run made on the target. */
export const TeardownConfig = z.strictObject({
  /** An address or a path of the target, with `{runId}` in it. */
  url: z.string().refine(isTeardownUrl, WRONG_URL).optional(),
  command: z.array(z.string().min(1)).min(1).optional(),
  /** True to keep everything, for a look at it. */
  keep: z.boolean().default(false),
  timeoutSeconds: z.number().min(1).max(3_600).default(60),
}).superRefine(({ url, command, keep }, context) => {
  if (keep || url === undefined || command === undefined) return;
  context.addIssue({ code: 'custom', message: 'has both a url and a command', path: ['command'] });
});
export type TeardownConfig = z.infer<typeof TeardownConfig>;

/**
 * Returns how a run's data is removed, null where it is not: the bundled platform's by itself, another target's where the
 * script says how. `where` names the script. Throws J_SCRIPT_INVALID where it says nothing of use.
 */
export function buildTeardown(
  config: TeardownConfig | undefined, { embedded, where }: { embedded: boolean; where: string },
): TeardownPlan | null {
  if (config?.keep === true || (config === undefined && !embedded)) return null;
  const { url, command, timeoutSeconds } = config ?? TeardownConfig.parse({});
  const timeoutMs = timeoutSeconds * 1_000;
  if (command !== undefined) return { url: null, command, timeoutMs };
  if (url === undefined && !embedded) {
    throw invalid(where, 'has neither a url nor a command', `url: ${OWN_PATH}, say; documentation/teardown.md`);
  }
  if (url === EMBEDDED && !embedded) {
    throw invalid(where, 'url is "embedded", but the target is not the bundled platform', `url: ${OWN_PATH} for one that runs by itself`);
  }
  return { url: url ?? EMBEDDED, command: null, timeoutMs };
}

function invalid(where: string, message: string, hint: string): CodedError {
  return new CodedError('J_SCRIPT_INVALID', [{ where: `${where} teardown`, message, hint }]);
}

/** Returns the teardown with its whole address, once the target's own (`targetUrl`) is known. */
export function placedTeardown({ teardown }: Pick<Plan, 'teardown'>, targetUrl: string): Pick<Plan, 'teardown'> {
  if (teardown === undefined) return {};
  const { url } = teardown;
  if (url === null) return { teardown };
  const path = url === EMBEDDED ? OWN_PATH : url;
  return { teardown: { ...teardown, url: path.startsWith('/') ? `${new URL(targetUrl).origin}${path}` : path } };
}

/** Returns the address for one run. */
export function teardownAddress(url: string, runId: string): string {
  return url.replaceAll(RUN_ID, encodeURIComponent(runId));
}
