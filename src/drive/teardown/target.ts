import { z } from 'zod';
import { HeldCounts } from '../../model/index.ts';

/** Who knows what a run made on a target, and can remove it. */
export interface TeardownTarget {
  /** Returns rows by name. Throws TeardownProblem. */
  count(limitMs: number): Promise<HeldCounts>;
  /** Removes, all or as much as it does at once. Throws TeardownProblem. */
  remove(limitMs: number): Promise<'done' | 'more'>;
}

/** It did not answer, or said no; the message says so in plain words, without credentials. */
export class TeardownProblem extends Error {
  /** Another try may do better. */
  readonly mayPass: boolean;
  /** As long as it wants to be left alone first; null where it did not say. */
  readonly retryAfterMs: number | null;
  /** It said nothing at all. */
  readonly unanswered: boolean;

  constructor(
    message: string, mayPass: boolean,
    { retryAfterMs = null, unanswered = false }: { retryAfterMs?: number | null; unanswered?: boolean } = {},
  ) {
    super(message);
    this.name = 'TeardownProblem';
    this.mayPass = mayPass;
    this.retryAfterMs = retryAfterMs;
    this.unanswered = unanswered;
  }
}

/** More kinds of rows than any target has. */
const MOST_KINDS = 100;
/** A name beyond this is not one. */
const LONGEST_NAME = 60;
/** An answer beyond this is not one. */
export const MOST_ANSWER_BYTES = 256 * 1024;

/** What counting gives: `{ "counts": { "users": 12 } }`; other fields are for others. */
const Answer = z.looseObject({
  // Empty as an answer of somebody else's would be: a run of which nothing is left has zeros.
  counts: HeldCounts.refine((counts) => Object.keys(counts).length > 0, 'names no kind of rows')
    .refine((counts) => Object.keys(counts).length <= MOST_KINDS, `more than ${MOST_KINDS} kinds`)
    .refine((counts) => Object.keys(counts).every((name) => name.length <= LONGEST_NAME), `a name of more than ${LONGEST_NAME} characters`),
});

/** Returns the counts that an answer holds. Throws TeardownProblem: what does not count is not empty. */
export function readCounts(text: string, who: string): HeldCounts {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new TeardownProblem(`${who} did not answer in JSON`, false);
  }
  const parsed = Answer.safeParse(json);
  if (parsed.success) return parsed.data.counts;
  const [issue] = parsed.error.issues;
  const what = `${issue?.path.map(String).join('.') ?? ''} ${issue?.message ?? ''}`;
  throw new TeardownProblem(`${who} did not answer with { "counts": { … } }: ${what}`, false);
}
