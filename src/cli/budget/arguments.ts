import { parseArgs } from 'node:util';
import { CodedError } from '../../errors.ts';

export const USAGE = 'npm run budget -- [--target <address>] [--notify] [--json] [--slo <file>] | --openslo';
export const HELP = `What is left of every service's error budget, how fast it burns, and which alerts are on: by the rounds of checks under
reports/checks (npm run synthetic), and by Prometheus where PROMETHEUS_URL names one.
  --target ADDRESS  the system whose checks count; that of the newest round when left out
  --notify          tells the webhook, GitHub and the terminal of alerts that began or ended, as every round of checks does
  --json            one JSON object on standard output
  --openslo         writes the objectives of slo.yml as OpenSLO v1 (YAML) to standard output, and nothing else
  --slo FILE        in place of slo.yml
exit code: 0 fine, 1 a budget is spent or an alert of severity "page" is on, 2 nothing is known of a service, 3 refused,
4 fault of the harness, 130 interrupted`;

export interface BudgetArguments {
  help: boolean;
  json: boolean;
  notify: boolean;
  openslo: boolean;
  target: string | undefined;
  slo: string | undefined;
}

/** Returns what the command line asks for. Throws J_USAGE. */
export function readArguments(args: string[]): BudgetArguments {
  const flag = { type: 'boolean', default: false } as const;
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args, options: { help: { ...flag, short: 'h' }, json: flag, notify: flag, openslo: flag, target: text, slo: text },
    });
    const { openslo, json, notify, target } = values;
    if (openslo && (json || notify || target !== undefined)) throw new Error('--openslo goes with --slo alone');
    for (const name of ['target', 'slo'] as const) if (values[name]?.trim() === '') throw new Error(`--${name} is empty`);
    return { ...values, target: values.target, slo: values.slo };
  } catch (error) {
    throw new CodedError('J_USAGE', [{ where: 'budget', message: (error as Error).message, hint: USAGE }]);
  }
}
