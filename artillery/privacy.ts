import { relative } from 'node:path';
import { scanRun } from '../src/cli/privacy/command.ts';
import { privacyExitCode, privacyLines } from '../src/cli/privacy/lines.ts';
import { redaction } from '../src/collect/redaction.ts';
import { CodedError, asCodedError, formatError, type Fault } from '../src/errors.ts';
import type { Plan } from '../src/model/index.ts';
import { say } from './artillery-global.ts';

/**
 * Looks through all that a run has written, says what was found, and returns the exit code that asks for: 0, 1 or 4. Never
 * throws: a run that could not be looked through must not be published, and still has its verdict.
 */
export async function checkPrivacy(runDir: string): Promise<number> {
  try {
    const report = await scanRun(runDir, redaction());
    say(`${privacyLines(report, relative(process.cwd(), runDir) || '.').map((line) => ` ${line}`).join('\n')}\n`);
    return privacyExitCode(report);
  } catch (thrown) {
    const error = asCodedError(thrown);
    process.stderr.write(`${redaction().text(formatError(error))}\n`);
    return error.exitCode;
  }
}

/**
 * Says at once where the plan itself holds something private, as a script or scenario may: it goes into the run's folder as
 * it is, since what is sent must be what was planned.
 */
export function tellPrivatePlan(plan: Plan): void {
  const kinds = new Set(redaction().find(JSON.stringify(plan)).map(({ kind }) => kind));
  if (kinds.size > 0) say(`privacy  the plan itself holds private data (${[...kinds].join(', ')}): this run will be no GO for publishing`);
}

/** Keys of a plan whose texts other figures are found by. */
const NAMES = new Set(['id', 'name', 'journey', 'step', 'route', 'phase', 'scenario', 'kpi', 'group', 'drill', 'routes', 'warmUpPhases']);

/**
 * Refuses a plan with a name that would be masked wherever it is written: what observations say of it could not be told from
 * others, and no gate on it judged. Throws J_PLAN_PRIVATE, with the names' places and without the names.
 */
export function refuseMaskedNames(plan: Pick<Plan, 'phases' | 'journeys' | 'gates' | 'kpis' | 'budgets' | 'routes' | 'warmUpPhases' | 'api' | 'drills'>): void {
  const { phases, journeys, gates, kpis, budgets, routes, warmUpPhases, api, drills } = plan;
  const faults: Fault[] = [];
  const look = (value: unknown, where: string, isName: boolean): void => {
    if (typeof value === 'string') {
      const [hit] = isName ? redaction().find(value) : [];
      if (hit) faults.push({ where, message: hit.kind === 'secret' ? 'is, or holds, the value of a secret' : `is, or holds, what looks like private data (${hit.kind})` });
    } else if (Array.isArray(value)) value.forEach((one, index) => look(one, `${where}[${index}]`, isName));
    else if (typeof value === 'object' && value !== null) for (const [key, one] of Object.entries(value)) look(one, where === '' ? key : `${where}.${key}`, NAMES.has(key));
  };
  look({ phases, journeys, gates, kpis, budgets, routes, warmUpPhases, api, drills }, '', false);
  if (faults.length > 0) throw new CodedError('J_PLAN_PRIVATE', faults);
}
