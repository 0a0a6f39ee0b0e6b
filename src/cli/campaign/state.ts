import { appendFileSync, existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '../../errors.ts';
import { CAMPAIGN_VERSION, CampaignRecord, Tick } from '../../model/campaign.ts';
import { writeRunFile } from '../../drive/run-folder.ts';

const RECORD_FILE = 'campaign.json';
const TICKS_FILE = 'ticks.ndjson';
const MAX_FAULTS = 10;

/** Returns the name of a new campaign's folder: `campaign-perf-6-2026-11-21T22-33-15Z`. */
export function campaignFolderName(name: string, startedAt: Date): string {
  return `campaign-${name}-${stamp(startedAt)}`;
}

/** Returns a time as it stands in names of folders: UTC, to the second. */
export function stamp(time: Date): string {
  return `${time.toISOString().slice(0, 19).replaceAll(':', '-')}Z`;
}

/** Returns the newest folder of a campaign, or null where it was never started. */
export function newestCampaign(reports: string, name: string): string | null {
  let names: string[];
  try {
    names = readdirSync(reports);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const prefix = `campaign-${name}-`;
  const mine = names.filter(
    (one) => one.startsWith(prefix) && /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ$/.test(one.slice(prefix.length)),
  );
  // One that was killed before its first step has nothing to go on with.
  const newest = mine.sort().findLast((one) => existsSync(join(reports, one, RECORD_FILE)));
  return newest === undefined ? null : join(reports, newest);
}

/**
 * Reads campaign.json with the ticks beside it. Throws J_CAMPAIGN_NOT_FOUND, or J_CAMPAIGN_INVALID for a broken file.
 */
export function readCampaignRecord(folder: string): CampaignRecord {
  const path = join(folder, RECORD_FILE);
  const json = parsed(readText(path), path);
  const version = (json as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version === 'number' && version !== CAMPAIGN_VERSION) {
    throw invalid(path, `has schemaVersion ${version}; this version of the harness reads ${CAMPAIGN_VERSION}`);
  }
  const read = CampaignRecord.safeParse(json);
  if (!read.success) {
    throw new CodedError(
      'J_CAMPAIGN_INVALID',
      read.error.issues
        .slice(0, MAX_FAULTS)
        .map(({ path: at, message }) => ({ where: `${path} ${at.map(String).join('.')}`.trim(), message })),
    );
  }
  return { ...read.data, ticks: readTicks(folder) };
}

/** Writes campaign.json, whole or not at all. Throws J_REPORTS_UNWRITABLE. */
export function writeCampaignRecord(folder: string, record: CampaignRecord): void {
  writeRunFile(join(folder, RECORD_FILE), record);
}

/**
 * Returns the ticks of a campaign, in order. They have a file of their own, one line each, so that a person can tick
 * while a run of days is under way; nothing is ever taken out of it.
 */
export function readTicks(folder: string): Tick[] {
  const path = join(folder, TICKS_FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, index) => {
      const read = Tick.safeParse(parsed(line, `${path}:${index + 1}`));
      if (!read.success) throw invalid(`${path}:${index + 1}`, 'is no tick: criterion, by, note and at');
      return read.data;
    });
}

/** Adds a tick. */
export function appendTick(folder: string, tick: Tick): void {
  appendFileSync(join(folder, TICKS_FILE), `${JSON.stringify(tick)}\n`);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CodedError('J_CAMPAIGN_NOT_FOUND', [{ where: path, message: code ?? message }], { cause: error });
  }
}

function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason =
      text.trim() === '' ? 'the file is empty' : `not JSON: ${(error as Error).message.split('\n')[0] ?? ''}`;
    throw new CodedError('J_CAMPAIGN_INVALID', [{ where, message: reason }], { cause: error });
  }
}

function invalid(where: string, message: string): CodedError {
  return new CodedError('J_CAMPAIGN_INVALID', [{ where, message }]);
}
