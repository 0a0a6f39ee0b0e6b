/** Faults that can be planted so that a test of the platform can itself be tested: each is off unless asked for. */
export const FAULTS = {
  'leak': { unit: 'MIB_PER_MINUTE', help: 'memory that the first web worker keeps' },
  'drift': { unit: 'PERCENT_PER_HOUR', help: 'API requests take 40 ms more, and it grows by this' },
  'capacity': { unit: 'REQUESTS_PER_SECOND', help: 'what the API serves at most, with all its workers' },
  'slow-recovery': { unit: 'SECONDS', help: 'API requests take 250 ms more, this long after a rush' },
  'api-delay': { unit: 'MS', help: 'every API request takes this much more' },
  // In the real books, so that an audit of them can be tested: web/breaches.ts.
  'breach-duplicate-charge': { unit: 'NTH', help: 'every Nth payment is held twice' },
  'breach-charge-on-failure': { unit: 'NTH', help: 'every Nth payment is held, and its user told that it failed' },
  'breach-lost-payment': { unit: 'NTH', help: 'every Nth payment is held, and then missing in our books' },
  'breach-amount-mismatch': { unit: 'NTH', help: 'of every Nth payment a cent too much is held' },
  'breach-currency-mismatch': { unit: 'NTH', help: 'every Nth payment is held in euros' },
  'breach-wrong-fee': { unit: 'NTH', help: 'the fee of every Nth payment is a cent too high' },
  'breach-unsettled-escrow': { unit: 'NTH', help: 'every Nth payment is held and stays pending for ever' },
  'breach-key-reuse': { unit: 'NTH', help: 'the key of every Nth payment is sent again with another body' },
  'breach-stuck-refund': { unit: 'NTH', help: 'a refund of every Nth payment begins and never ends' },
  'breach-false-receipt': { unit: 'NTH', help: 'every Nth payment is declined, and its user shown a receipt' },
} as const;

export type FaultName = keyof typeof FAULTS;
/** The planted faults, each with its value in the unit above. */
export type Faults = Partial<Record<FaultName, number>>;

const NAMES = Object.keys(FAULTS) as FaultName[];
/** Far beyond any use; it keeps timers and buffers within what they can hold. */
const HIGHEST = 1_000_000;

function nearestName(given: string): string | undefined {
  return NAMES.find((name) => given !== '' && (name.includes(given) || given.includes(name)))
    ?? NAMES.find((name) => given.length > 1 && name.startsWith(given.slice(0, 2)));
}

/** Reads `name=value` texts; the last one of a name holds. Throws RangeError with what is wrong and what is known. */
export function parseFaults(texts: string[]): Faults {
  const faults: Faults = {};
  for (const text of texts) {
    const [given = '', value = ''] = text.trim().split('=', 2);
    const name = NAMES.find((known) => known === given);
    if (name === undefined) {
      const near = nearestName(given);
      const known = NAMES.map((fault) => `${fault}=${FAULTS[fault].unit}`).join(', ');
      throw new RangeError(`there is no fault "${given}"${near ? `, did you mean "${near}"?` : ''} (known: ${known})`);
    }
    const amount = /^\d{1,7}(\.\d{1,6})?$/.test(value) ? Number(value) : NaN;
    const whole = FAULTS[name].unit !== 'NTH' || Number.isInteger(amount);
    if (!(amount > 0 && amount <= HIGHEST && whole)) {
      const kind = whole ? 'number' : 'whole number';
      throw new RangeError(`${name} needs a ${kind} above 0, as in ${name}=${FAULTS[name].unit}, not "${value}"`);
    }
    faults[name] = amount;
  }
  return faults;
}

/** The lines of --help. */
export const faultsHelp = (): string =>
  NAMES.map((name) => `    ${`${name}=${FAULTS[name].unit}`.padEnd(30)}${FAULTS[name].help}\n`).join('');
