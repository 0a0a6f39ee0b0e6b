import { EVIDENCE_KEYS } from '../../model/campaign.ts';
import { clockText } from '../../report/campaign-lines.ts';
import { runSeconds } from './drive.ts';
import type { LoadedCampaign } from './load.ts';

/** Returns what a campaign would run, gate by gate, for how long, and how its criteria are ticked. */
export function dryRun(loaded: LoadedCampaign, { scale, from }: { scale: number | null; from: string | null }): string {
  const { campaign } = loaded;
  const first = Math.max(
    0,
    campaign.gates.findIndex((gate) => gate.id === from),
  );
  const gates = campaign.gates.slice(first);
  const total = gates.flatMap((gate) => gate.runs).reduce((sum, run) => sum + runSeconds(loaded, run, scale), 0);
  const kind = scale === null ? '' : ', compressed: not a sign-off';
  return [
    `${loaded.name}: ${campaign.title} · about ${clockText(total)}${kind}`,
    ...gates.flatMap((gate) => {
      const by = (test: (one: (typeof gate.criteria)[number]) => boolean): number => gate.criteria.filter(test).length;
      const evidence = by((one) => EVIDENCE_KEYS.some((key) => one[key] !== undefined));
      const [manual, open] = [by((one) => one.manual !== undefined), by((one) => one.open !== undefined)];
      const how = `${evidence} by evidence, ${manual} by a person, ${open} open`;
      return [
        '',
        `${gate.id}  ${gate.title}: ${gate.criteria.length} criteria, ${how}`,
        ...gate.runs.map((run) => `  ${run.profile.padEnd(14)} about ${clockText(runSeconds(loaded, run, scale))}`),
      ];
    }),
    '',
  ].join('\n');
}
