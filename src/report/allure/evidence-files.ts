import { lstat } from 'node:fs/promises';
import { extname, join, resolve, sep } from 'node:path';
import type { Gate, GateResult, RunRecord, SeenFailure, Story } from '../../model/index.ts';
import { harmless } from '../text.ts';
import type { Attached } from './model.ts';

const TYPES: Record<string, string> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  // Allure's own name for what it opens in Playwright's trace viewer.
  '.zip': 'application/vnd.allure.playwright-trace',
};
/** More of one kind of failure tells nothing new. */
const MOST_FAILURES = 3;
const LARGEST_FILE_BYTES = 10 * 1_048_576;
/** A report of one file holds all of it: what a person still opens without waiting. */
const MOST_BYTES = 40 * 1_048_576;

/** Hands out files of a run folder, each once and as long as there is room. */
export interface FileShelf {
  /** Returns the file to attach, or null for one that is missing, lies elsewhere, is of no known kind, or has no room any more. */
  take(name: string, path: string): Promise<Attached | null>;
}

/** Returns a shelf of the run folder's files. A name comes from the record, a link from whoever made the folder: either may try to lead out of it. */
export function createShelf(runDir: string): FileShelf {
  const root = resolve(runDir) + sep;
  const taken = new Set<string>();
  let bytes = 0;
  return {
    take: async (name, path) => {
      const file = resolve(join(runDir, path));
      const extension = extname(file).toLowerCase();
      const contentType = TYPES[extension];
      if (!file.startsWith(root) || contentType === undefined || taken.has(file)) return null;
      const found = await lstat(file).catch(() => null);
      if (!found?.isFile() || found.size > LARGEST_FILE_BYTES || bytes + found.size > MOST_BYTES) return null;
      taken.add(file);
      bytes += found.size;
      return { name, contentType, extension, content: { path: file } };
    },
  };
}

/** Returns screenshots and traces of the failures that a gate counts, those that it names itself first. */
export async function evidenceFiles(record: RunRecord, story: Story, gate: GateResult, shelf: FileShelf): Promise<Attached[]> {
  const named = gate.evidence.flatMap((line) => line.match(/[\w./-]+\.(?:png|jpe?g|zip)\b/gi) ?? []);
  const planned = record.plan.gates.find(({ id }) => id === gate.id);
  const failures = planned === undefined ? [] : story.failures.filter((one) => belongs(planned, one)).slice(0, MOST_FAILURES);
  const wanted = [
    ...named.map((path) => ({ path, name: path.endsWith('.zip') ? 'trace' : 'screenshot' })),
    ...failures.flatMap((one) => [
      { path: one.screenshot, name: `screenshot: ${whatFailed(one)}` },
      { path: one.trace, name: `trace: ${whatFailed(one)}` },
    ]),
  ];
  const files: Attached[] = [];
  for (const { path, name } of wanted) {
    const file = path === null ? null : await shelf.take(name, path);
    if (file !== null) files.push(file);
  }
  return files;
}

function belongs(planned: Gate, failure: SeenFailure): boolean {
  switch (planned.metric) {
    case 'perceived_latency':
      return failure.journey === planned.journey && failure.step === planned.step;
    case 'journey_error_rate':
      return planned.journey === undefined || failure.journey === planned.journey;
    default:
      return false;
  }
}

function whatFailed({ journey, step, code, times }: SeenFailure): string {
  const place = [journey, step].filter((one) => one !== null).map(harmless).join(' › ');
  return `${place === '' ? '' : `${place}, `}${harmless(code)}${times > 1 ? `, first of ${times}` : ''}`;
}
