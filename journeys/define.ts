import type { Fixtures } from '../fixtures/index.ts';
import { defineJourney, type Journey } from '../src/journey.ts';

/** Declares a journey of this site: `persona` and `api` are typed, and what `arrange` returns is what `act` gets. */
export function journey<Arranged = undefined>(spec: Journey<Fixtures, Arranged>): Journey<Fixtures, Arranged> {
  return defineJourney(spec);
}
