import { parseArgs } from 'node:util';
import { CodedError } from '../../errors.ts';

export const USAGE = 'npm run teardown -- <runId>|reports/<runId> … [--all] [--dry-run] [--trust] [--url https://…/{runId}] [--json]';
export const HELP = `Removes what runs made on their targets, by run id, and counts afterwards that nothing is left. A run does this by itself
at its end; this is for one that was killed, or whose target did not answer then. Needs TEARDOWN_TOKEN where the target does.
  --all        every run, game day and run of a campaign of the reports folder that still owes it; what cannot be read is
               named, and the others are removed
  --dry-run    only counts
  --trust      also for a run folder of another machine, whose file says where to go: look at its teardown.json first
  --url URL    for one run without a folder: where to count (GET) and remove (DELETE), with {runId} in it
  --json       one JSON object on standard output
exit code: 0 nothing is left, 3 refused, 4 something is left or could not be counted, 130 interrupted`;

export interface TeardownArguments {
  help: boolean;
  /** Ids or folders. */
  runs: string[];
  all: boolean;
  dryRun: boolean;
  trust: boolean;
  url: string | null;
  json: boolean;
}

/** Returns what the command line asks for. Throws J_USAGE. */
export function readArguments(args: string[]): TeardownArguments {
  const flag = { type: 'boolean', default: false } as const;
  let parsed;
  try {
    parsed = parseArgs({
      args, allowPositionals: true,
      options: { 'all': flag, 'dry-run': flag, 'trust': flag, 'url': { type: 'string' }, 'json': flag, 'help': { ...flag, short: 'h' } },
    });
  } catch (error) {
    throw usage((error as Error).message);
  }
  const { values: { all, trust, url, json, help, 'dry-run': dryRun }, positionals: runs } = parsed;
  if (!help) {
    if (all && runs.length > 0) throw usage('either --all or names of runs');
    if (!all && runs.length === 0) throw usage('name a run, or --all for every one that still owes it');
    if (runs.some((run) => run.trim() === '')) throw usage('the name of a run is empty');
    if (url !== undefined && (all || runs.length !== 1)) throw usage('--url is for one run');
  }
  return { help, runs, all, dryRun, trust, url: url ?? null, json };
}

export function usage(message: string): CodedError {
  return new CodedError('J_USAGE', [{ where: 'teardown', message, hint: USAGE }]);
}
