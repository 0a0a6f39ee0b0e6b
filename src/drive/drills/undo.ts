import { z } from 'zod';
import { HttpCall } from '../../model/index.ts';
import { callJson, DrillCallError } from './call.ts';
import { runCommand } from './command.ts';
import { filledIn, OPERATIONS_TOKEN, type Secrets } from './secrets.ts';
import { Toxiproxy } from './toxiproxy.ts';

/** How one thing that a drill did is undone: all that a process needs that knows nothing else, and no secret. Safe to do twice. */
export const Undo = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('toxic'), api: z.string(), proxy: z.string(), toxic: z.string() }),
  z.strictObject({ kind: z.literal('proxy'), api: z.string(), proxy: z.string() }),
  z.strictObject({ kind: z.literal('provider'), control: z.string() }),
  z.strictObject({ kind: z.literal('flag'), flags: z.string(), flag: z.string(), enabled: z.boolean() }),
  z.strictObject({ kind: z.literal('command'), run: z.array(z.string()).min(1) }),
  z.strictObject({ kind: z.literal('http'), call: HttpCall }),
]);
export type Undo = z.infer<typeof Undo>;

/** What an undo was owed for, as far as it matters here. */
export interface Owed {
  undo: Undo;
  /** It lies within the bundled platform, and is gone when that is. */
  embedded: boolean;
}

/** Returns the address that an undo calls; null for a command. */
export function addressOf({ undo }: Owed): string | null {
  switch (undo.kind) {
    case 'toxic':
    case 'proxy':
      return undo.api;
    case 'provider':
      return undo.control;
    case 'flag':
      return undo.flags;
    case 'http':
      return undo.call.url;
    case 'command':
      return null;
  }
}

/** Times after the first one at which an undo is tried again, in ms. */
const AGAIN_MS = [200, 600, 1_500];

/**
 * Undoes one thing, with a few tries. A fault inside of the bundled platform is undone as well where nobody listens any more.
 * Throws what the last try threw.
 */
export async function undoOne({ undo, embedded }: Owed, secrets: Secrets, againMs: readonly number[] = AGAIN_MS): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await perform(undo, secrets);
      return;
    } catch (error) {
      if (embedded && error instanceof DrillCallError && error.gone) return;
      const waitMs = againMs[tries];
      if (waitMs === undefined) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, waitMs);
      });
    }
  }
}

async function perform(undo: Undo, secrets: Secrets): Promise<void> {
  switch (undo.kind) {
    case 'toxic':
      return new Toxiproxy(undo.api).removeToxic(undo.proxy, undo.toxic);
    case 'proxy':
      return new Toxiproxy(undo.api).setEnabled(undo.proxy, true);
    case 'provider':
      await callJson({ method: 'DELETE', url: `${undo.control}/control/fault`, headers: bearer(secrets) });
      return;
    case 'flag':
      return setFlag(undo.flags, undo.flag, undo.enabled, secrets);
    case 'command':
      return runCommand(undo.run);
    case 'http':
      return callHttp(undo.call, secrets);
  }
}

/** Sets a flag through the flags API. Throws DrillCallError. */
export async function setFlag(flags: string, flag: string, enabled: boolean, secrets: Secrets): Promise<void> {
  await callJson({ method: 'PUT', url: `${flags}/${encodeURIComponent(flag)}`, headers: bearer(secrets), body: { enabled } });
}

/** Makes a drill's HTTP call. Throws DrillCallError, or an Error for a setting that is not there. */
export async function callHttp({ method, url, headers, body }: HttpCall, secrets: Secrets): Promise<void> {
  await callJson({ method, url, headers: filledIn(headers, secrets), ...(body === null ? {} : { body }) });
}

/** The header that operations and control APIs ask for; none without a token. */
export function bearer(secrets: Secrets): Record<string, string> {
  const token = secrets(OPERATIONS_TOKEN);
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}
