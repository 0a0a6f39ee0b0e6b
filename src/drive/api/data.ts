import { createHash } from 'node:crypto';
import type { MadeValue } from '../../plan/scenario-values.ts';
import type { Value } from './template.ts';

const FIRST = ['Alma', 'Bela', 'Ciro', 'Dina', 'Emre', 'Fay', 'Gus', 'Hedda', 'Igor', 'Jana', 'Karl', 'Lucia', 'Milan', 'Nadia', 'Otis', 'Petra'];
const LAST = ['Adler', 'Bianchi', 'Cohen', 'Diaz', 'Engel', 'Ferrari', 'Grant', 'Hoffmann', 'Ivanov', 'Jensen', 'Keller', 'Lund', 'Meyer', 'Nagy'];
const NEEDS = ['Launch film', 'Product shots', 'Brand voice', 'Training video', 'Game trailer', 'Podcast cover', 'Onboarding clips', 'Poster series'];

/** One of each value that a scenario may use without capturing it. */
export type DataValues = Readonly<Record<MadeValue, Value>>;

/**
 * Returns a synthetic person and project: the same for the same seed, run and label, and another one for any other label or
 * run, so that runs against a lasting target do not meet each other's accounts. Addresses are under example.com (RFC 2606).
 * The API lane's traffic has its own people: those of fixtures/ belong to the journeys, which the lane does not import.
 */
export function createValues(seed: number, runId: string, label: string): DataValues {
  const digest = createHash('sha256').update(`${seed}/${runId}/api/${label}`).digest();
  const pick = (list: readonly string[], byte: number): string => list[(digest[byte] ?? 0) % list.length] ?? '';
  const [first, last] = [pick(FIRST, 16), pick(LAST, 17)];
  const tag = digest.toString('hex', 0, 8);
  return {
    name: `${first} ${last}`,
    email: `${first}.${last}.${tag}@example.com`.toLowerCase(),
    // No real account has it: it opens only what this run made.
    password: `load-test-${tag}`,
    title: `${pick(NEEDS, 18)} ${tag}`,
    details: 'Synthetic project of a load test: thirty seconds, two revisions, delivered in three weeks.',
    amountCents: 20_000 + (digest.readUInt16BE(20) % 480) * 1_000,
    uuid: uuidOf(digest.subarray(8, 24)),
  };
}

/** Sixteen bytes in the form of a random UUID (RFC 9562, version 4). */
function uuidOf(bytes: Buffer): string {
  const own = Buffer.from(bytes);
  own[6] = ((own[6] ?? 0) & 0x0f) | 0x40;
  own[8] = ((own[8] ?? 0) & 0x3f) | 0x80;
  return own.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
