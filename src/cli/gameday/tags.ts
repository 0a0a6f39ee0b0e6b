import { taggedRequest, type Tag } from '../../drive/tags.ts';
import type { HarnessSettings } from '../../plan/settings.ts';

/**
 * Returns what a game day's requests say of themselves: a few users of a check are no load, and the id tells them from
 * others.
 */
export function tagOf(id: string): Tag {
  return { runId: id, kind: 'synthetic' };
}

/** Returns the headers of a request to the target that no browser sends; `trace` names what shares one trace. */
export function targetHeaders(
  id: string,
  trace: string,
  { TARGET_HTTP_USER: user, TARGET_HTTP_PASSWORD: password }: HarnessSettings,
): Record<string, string> {
  const tagged = taggedRequest(tagOf(id), trace);
  return user && password
    ? { ...tagged, authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
    : tagged;
}
