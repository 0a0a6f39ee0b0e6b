import type { TeardownPlan } from '../../model/index.ts';
import { teardownAddress } from '../../plan/teardown.ts';
import { taggedRequest } from '../tags.ts';
import { commandTarget } from './command.ts';
import { httpTarget } from './http.ts';
import type { TeardownTarget } from './target.ts';

/** What it takes to be let in; in no file of a run. */
export interface TeardownKeys {
  /** Headers that the target wants of everybody, such as basic authentication. */
  auth: Readonly<Record<string, string>>;
  /** TEARDOWN_TOKEN, or the bundled platform's own. */
  token: string | undefined;
}

/** Returns who removes what a run made. */
export function openTarget({ url, command }: TeardownPlan, runId: string, { auth, token }: TeardownKeys): TeardownTarget {
  if (command !== null) {
    return commandTarget(command, runId, { ...process.env, ...(token === undefined ? {} : { TEARDOWN_TOKEN: token }) });
  }
  const bearer: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return httpTarget(teardownAddress(url ?? '', runId), {
    accept: 'application/json', ...taggedRequest({ runId, kind: 'load' }, 'teardown'), ...auth, ...bearer,
  });
}
