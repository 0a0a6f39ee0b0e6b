import type { Observation, SeenFailure } from '../../model/index.ts';
import { failuresOf } from '../api-timeline.ts';
import { isError } from '../series.ts';
import { LeastNames } from './least.ts';

/** Kinds that are counted at all: error codes are few, but the routes of requests are the target's to make up. */
const MOST_KINDS = 2_000;
/** Kinds that are shown, of users and of requests: a missing icon must not hide what users met. */
const SHOWN_OF_USERS = 20;
const SHOWN_OF_REQUESTS = 10;
/** Playwright's messages may hold a whole log of calls; the rest of one is in its trace. */
const MOST_CHARACTERS = 1_000;

interface First {
  tMs: number;
  text: string | null;
  /** Decides between two of the same moment, whichever file was read first. */
  name: string;
}

interface Kind {
  journey: string | null;
  step: string | null;
  code: string;
  times: number;
  message: First | null;
  screenshot: First | null;
  trace: First | null;
}

type Failed = Pick<Kind, 'journey' | 'step' | 'code'> & {
  tMs: number;
  vu: string | null;
  times?: number;
  message?: string | undefined;
  screenshot?: string | undefined;
  trace?: string | undefined;
};

export interface SeenFailures {
  add(one: Observation): void;
  finish(): SeenFailure[];
}

/** Gathers failures by journey, step and code: how many, and what the first one of each kind left behind. */
export function createFailures(): SeenFailures {
  const newKind = (): Kind =>
    ({ journey: null, step: null, code: '', times: 0, message: null, screenshot: null, trace: null });
  const ofSteps = new LeastNames<Kind>(MOST_KINDS, newKind);
  const ofJourneys = new LeastNames<Kind>(MOST_KINDS, newKind);
  const ofRequests = new LeastNames<Kind>(MOST_KINDS, newKind);
  return {
    add(one) {
      if (one.kind === 'step' && isError(one.outcome)) {
        count(ofSteps, { ...one, step: one.name, code: one.errorCode ?? one.outcome });
      }
      // Turned away for a third party's budget is the plan's own doing.
      if (one.kind === 'journey' && isError(one.outcome) && one.budget === undefined) {
        count(ofJourneys, { ...one, step: null, code: one.errorCode ?? one.outcome });
      }
      if (one.kind === 'request' && (one.status === null || one.status >= 400)) {
        const code = one.errorCode ?? (one.status === null ? 'no response' : `status ${one.status}`);
        const { journey, tMs, vu } = one;
        count(ofRequests, { journey, step: null, code, tMs, vu, message: `${one.method} ${one.route}` }, one.route);
      }
      if (one.kind === 'api') {
        for (const [code, times] of failuresOf(one)) {
          const { fromMs: tMs, route } = one;
          count(ofRequests, { journey: null, step: null, code, times, tMs, vu: null, message: route }, route);
        }
      }
    },
    finish() {
      const steps = kindsOf(ofSteps);
      // A user fails with its step: only what failed outside of any step is a kind of its own.
      const journeys = kindsOf(ofJourneys).flatMap((kind) => {
        const same = steps.filter(({ journey, code }) => journey === kind.journey && code === kind.code);
        const times = kind.times - same.reduce((sum, one) => sum + one.times, 0);
        return times > 0 ? [{ ...kind, times }] : [];
      });
      const users = mostFrequent([...steps, ...journeys], SHOWN_OF_USERS);
      const requests = mostFrequent(kindsOf(ofRequests), SHOWN_OF_REQUESTS);
      return [...users, ...requests].map(({ message, screenshot, trace, ...kind }) => ({
        ...kind, tMs: message?.tMs ?? 0,
        message: message?.text ?? null, screenshot: screenshot?.text ?? null, trace: trace?.text ?? null,
      }));
    },
  };
}

function count(kinds: LeastNames<Kind>, failed: Failed, route = ''): void {
  const { journey, step, code, tMs, vu, times = 1, message, screenshot, trace } = failed;
  const kind = kinds.at(JSON.stringify([journey, step, code, route]));
  if (!kind) return;
  Object.assign(kind, { journey, step, code });
  kind.times += times;
  const first = (text: string | undefined): First => {
    const kept = text?.slice(0, MOST_CHARACTERS) ?? null;
    return { tMs, text: kept, name: JSON.stringify([vu, kept]) };
  };
  kind.message = earlier(kind.message, first(message));
  if (screenshot !== undefined) kind.screenshot = earlier(kind.screenshot, first(screenshot));
  if (trace !== undefined) kind.trace = earlier(kind.trace, first(trace));
}

function earlier(known: First | null, other: First): First {
  if (known === null) return other;
  return other.tMs < known.tMs || (other.tMs === known.tMs && other.name < known.name) ? other : known;
}

function kindsOf(kinds: LeastNames<Kind>): Kind[] {
  return kinds.entries().map(([, kind]) => kind);
}

/** Their order among equals is that of their names. */
function mostFrequent(kinds: readonly Kind[], most: number): Kind[] {
  return kinds.toSorted((a, b) => b.times - a.times).slice(0, most);
}
