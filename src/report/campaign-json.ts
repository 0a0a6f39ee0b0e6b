import type { CampaignRecord, CampaignRun, CriterionResult } from '../model/campaign.ts';

/** One thing that was aimed at; not measured is null and not met. */
interface Aim {
  id: string;
  unit: string;
  limit: number;
  observed: number | null;
  n: number;
  met: boolean;
}

/** For criteria that have no figure of their own. */
const TICKED = { unit: 'ticked', limit: 1 };

/**
 * Returns a campaign in the form that every long show prints with --json: the machine, a case for each run, an aim for
 * each figure that a criterion rests on, and one for each criterion without any.
 */
export function campaignJson(record: CampaignRecord): object {
  return {
    name: record.name,
    decision: record.decision,
    compressed: record.scale !== null,
    machine: record.runs.findLast((run) => run.machine !== null)?.machine ?? null,
    cases: record.runs.map(runCase),
    aims: record.gates.flatMap((gate) => gate.criteria.flatMap(aims)),
  };
}

function runCase({
  gate,
  profile,
  runId,
  outcome,
  decision,
  durationS,
  shortenedBy,
  exitCode,
  gates,
}: CampaignRun): object {
  const passed = gates.filter((one) => one.status === 'pass').length;
  return {
    id: runId,
    gate,
    profile,
    outcome,
    decision,
    durationS,
    shortenedBy,
    exitCode,
    gatesPassed: passed,
    gates: gates.length,
  };
}

function aims({ id, status, evidence }: CriterionResult): Aim[] {
  const met = status === 'met';
  const figures = evidence.flatMap((one): Aim[] => {
    if (one.kind === 'gate') {
      const { figures: gate } = one;
      const { unit, limit, observed, n } = gate;
      return [
        { id: `${id}/${gate.id}/${one.runId}`, unit, limit: limit.value, observed, n, met: gate.status === 'pass' },
      ];
    }
    if (one.kind === 'duration') {
      const { hours, leastHours } = one;
      return [
        { id: `${id}/${one.runId}`, unit: 'h', limit: leastHours, observed: hours, n: 1, met: hours >= leastHours },
      ];
    }
    return [];
  });
  return figures.length > 0 ? figures : [{ id, ...TICKED, observed: met ? 1 : null, n: met ? 1 : 0, met }];
}
