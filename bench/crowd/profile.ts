export interface CrowdSize {
  users: number;
  /** How long all of them are there. */
  holdS: number;
  /** Arrivals a second. */
  ratePerSecond: number;
}

export interface CrowdProfile extends CrowdSize {
  sessionS: number;
  /** Time in which the users come together. */
  fillS: number;
  thinkS: { min: number; max: number };
}

/** Steps of an average user of journeys.yml, each followed by a pause: 4, 2, 2, 2 and 2 over five journeys. */
const PAUSES = 2.4;
/** What an average user takes for everything but the pauses. */
const BUSY_S = 2;
/** Users of the longest journey (four pauses) leave last: only then are as many there as will be. */
const FILL = 1.8;
/** The spread of the pauses around their middle. */
const SPREAD = 0.45;

/** Returns how a number of users come to be there at the same time: by Little's law, rate × session length. */
export function profileOf(size: CrowdSize): CrowdProfile {
  const sessionS = size.users / size.ratePerSecond;
  const middle = Math.max(0, (sessionS - BUSY_S) / PAUSES);
  const round = (value: number): number => Math.round(value * 10) / 10;
  return {
    ...size,
    sessionS,
    fillS: Math.ceil(FILL * sessionS),
    thinkS: { min: round(middle * (1 - SPREAD)), max: round(middle * (1 + SPREAD)) },
  };
}

/** Returns the profile as Artillery reads it (JSON is YAML). */
export function profileText(
  { users, holdS, fillS, ratePerSecond, thinkS, sessionS }: CrowdProfile,
  processor: string,
): string {
  return JSON.stringify(
    {
      config: {
        phases: [
          { name: 'warm up', duration: fillS, arrivalCount: Math.round(fillS * ratePerSecond) },
          { name: 'crowd', duration: holdS, arrivalCount: Math.round(holdS * ratePerSecond) },
        ],
        processor,
        plugins: {
          journeys: {
            profile: 'crowd',
            observers: { share: 0.25, max: Math.max(12, Math.ceil(users * 0.3)) },
            maxUsers: Math.ceil(users * 1.3) + 10,
            thinkTimeSeconds: thinkS,
            journeyDeadlineSeconds: Math.ceil(60 + 3 * sessionS),
          },
        },
      },
    },
    null,
    2,
  );
}
