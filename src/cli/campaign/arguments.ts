import { parseArgs } from 'node:util';
import { CodedError } from '../../errors.ts';

export const USAGE =
  'npm run campaign -- <name> [--scale N] [--resume] [--from <gate>] [--dry-run] [--status] [--json] ' +
  '[--tick <criterion> --by <name> --note <text>]';
export const HELP = `Runs the gates of a campaign in order, up to the first that is not passed, and writes the sign-off.
  --scale N     compressed: run times divided by up to N, to try the whole campaign; never a sign-off
  --resume      goes on with the newest campaign of this name: passed gates are kept, the one that failed is run again
  --from GATE   begins with this gate; with --resume, what it and the gates after it had shown counts no more
  --dry-run     checks the campaign and shows what would run, and for how long
  --status      shows how the newest campaign of this name stands
  --tick ID     ticks a criterion that a person has to tick, --by whom and with a --note of what was seen
  --json        one JSON object on standard output; the runs' own output goes to standard error
exit code: 0 GO, 1 NO-GO, 2 INCONCLUSIVE, 3 refused, 4 fault of the harness, 130 interrupted (--resume goes on)`;

export type Action =
  | { kind: 'help' }
  | { kind: 'run'; scale: number | null; resume: boolean; from: string | null }
  | { kind: 'dry-run'; scale: number | null; from: string | null }
  | { kind: 'status' }
  | { kind: 'tick'; criterion: string; by: string; note: string };

export interface CampaignArguments {
  name: string;
  json: boolean;
  action: Action;
}

const MOST_SCALE = 1_000_000;

/** Returns what the command line asks for. Throws J_USAGE. */
export function readArguments(args: string[]): CampaignArguments {
  let parsed;
  try {
    const flag = { type: 'boolean', default: false } as const;
    const text = { type: 'string' } as const;
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: {
        scale: text,
        resume: flag,
        from: text,
        'dry-run': flag,
        status: flag,
        json: flag,
        tick: text,
        by: text,
        note: text,
        help: { ...flag, short: 'h' },
      },
    });
  } catch (error) {
    throw usage((error as Error).message);
  }
  const { values, positionals } = parsed;
  if (values.help) return { name: '', json: false, action: { kind: 'help' } };
  const [name, ...others] = positionals;
  if (name === undefined || others.length > 0) throw usage('give one campaign');
  const kinds = [
    values['dry-run'] && '--dry-run',
    values.status && '--status',
    values.tick !== undefined && '--tick',
  ].filter(Boolean);
  if (kinds.length > 1) throw usage(`${kinds.join(' and ')} do not go together`);
  const alone = (kind: string): void => {
    const extra = [
      values.resume && '--resume',
      values.from !== undefined && '--from',
      values.scale !== undefined && '--scale',
    ];
    const given = extra.filter(Boolean);
    if (given.length > 0) throw usage(`${kind} takes no ${given.join(', ')}`);
  };
  if (values.tick === undefined && (values.by !== undefined || values.note !== undefined))
    throw usage('--by and --note go with --tick');
  const scale = values.scale === undefined ? null : readScale(values.scale);
  const from = values.from ?? null;
  if (values.status) {
    alone('--status');
    return { name, json: values.json, action: { kind: 'status' } };
  }
  if (values.tick !== undefined) {
    alone('--tick');
    const [by, note] = [values.by?.trim() ?? '', values.note?.trim() ?? ''];
    if (by === '' || note === '') throw usage('--tick needs --by <name> and --note <what was seen>');
    return { name, json: values.json, action: { kind: 'tick', criterion: values.tick, by, note } };
  }
  if (values['dry-run']) {
    if (values.resume) throw usage('--dry-run takes no --resume');
    return { name, json: values.json, action: { kind: 'dry-run', scale, from } };
  }
  return { name, json: values.json, action: { kind: 'run', scale, resume: values.resume, from } };
}

/** 1 is the whole campaign, and so the same as nothing. */
function readScale(text: string): number | null {
  const scale = Number(text);
  if (text.trim() === '' || !(scale >= 1 && scale <= MOST_SCALE))
    throw usage(`--scale wants a number from 1 to ${MOST_SCALE}, not "${text}"`);
  return scale === 1 ? null : scale;
}

export function usage(message: string): CodedError {
  return new CodedError('J_USAGE', [{ where: 'campaign', message, hint: USAGE }]);
}
