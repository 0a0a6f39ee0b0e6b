import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { readSettings } from '../../src/plan/settings.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** Where the functional journeys put their results for Allure: beside the runs, where `npm run report` finds them. */
export function functionalResults(): string {
  return resolve(ROOT, readSettings(ROOT, process.env).REPORTS_DIR, 'functional/allure-results');
}

/** Takes the results of the time before away: Allure would take them for retries of these. */
export default async function freshResults(): Promise<void> {
  await rm(functionalResults(), { recursive: true, force: true });
}
