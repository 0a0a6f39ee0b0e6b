import { styleText } from 'node:util';
import type { CampaignGate, CampaignRecord, CriterionResult, Evidence } from '../model/campaign.ts';
import type { Decision } from '../model/index.ts';
import { CRITERION_MARKS, campaignFacts, clockText, evidenceText, runWords, statusCounts } from './campaign-lines.ts';
import { cells, cut, harmless, padEnd, wrap } from './text.ts';

export interface CampaignBlockOptions {
  /** The campaign's folder as a person would type it. */
  folderPath: string;
  /** Terminal width in cells; 80 at least is made use of. */
  width: number;
  color: boolean;
}

type Style = 'green' | 'red' | 'yellow' | 'dim' | 'bold';
type Paint = (style: Style, text: string) => string;

const STYLES: Record<Decision, Style> = { GO: 'green', 'NO-GO': 'red', INCONCLUSIVE: 'yellow' };
const MARKS: Record<Decision, string> = { GO: '✓', 'NO-GO': '✗', INCONCLUSIVE: '?' };
const NARROWEST = 80;
const WIDEST = 160;

/**
 * Returns how a campaign stands, for a terminal: the decision, each gate with its runs and what it lacks, what comes
 * next.
 */
export function campaignBlock(record: CampaignRecord, options: CampaignBlockOptions): string {
  const width = Math.min(WIDEST, Math.max(NARROWEST, options.width)) - 1;
  const paint: Paint = (style, text) => (options.color ? styleText(style, text, { validateStream: false }) : text);
  const title = ` ${paint('bold', paint(STYLES[record.decision], record.decision))}   `;
  const ids = Math.max(0, ...record.gates.map((gate) => cells(gate.id)));
  const name = (gate: CampaignGate): string => `${padEnd(gate.id, ids)}  ${harmless(gate.title)}`;
  const widest = Math.max(0, ...record.gates.map((gate) => cells(name(gate))));
  return [
    title + cut(campaignFacts(record), width - cells(title)),
    ...wrap(harmless(record.reason), width - 3).map((line) => `   ${line}`),
    '',
    ...record.gates.flatMap((gate) => [
      ` ${paint(STYLES[gate.decision], MARKS[gate.decision])} ${padEnd(name(gate), widest)}  ` +
        `${padEnd(gate.decision, 12)}  ${statusCounts([gate])}`,
      ...runLines(record, gate, width),
      ...gate.criteria.flatMap((one) => lackingLines(one, record, width, paint)),
      ...gate.notes.flatMap((note) => indented(`· ${harmless(note)}`, 5, width).map((line) => paint('dim', line))),
      '',
    ]),
    ...footer(record, options.folderPath, width, paint),
  ].join('\n');
}

function runLines(record: CampaignRecord, gate: CampaignGate, width: number): string[] {
  // The last attempt of each profile, whatever became of it: a run that was refused is what the reader has to see.
  const profiles = [...new Set(record.runs.filter((run) => run.gate === gate.id).map((run) => run.profile))];
  const runs = profiles.flatMap((profile) => record.runs.findLast((run) => run.profile === profile) ?? []);
  const widest = Math.max(0, ...profiles.map(cells));
  const words = Math.max(0, ...runs.map((run) => cells(runWords(run))));
  return runs.map((run) => {
    const length = run.durationS === null ? '' : clockText(run.durationS);
    return cut(
      `     ${padEnd(run.profile, widest)}  ${padEnd(runWords(run), words)}  ${padEnd(length, 8)} ${run.runId}`,
      width,
    );
  });
}

/** Criteria that evidence spoke against, or could not settle; the open ones are in the sign-off, by the dozen. */
function lackingLines(criterion: CriterionResult, { runs }: CampaignRecord, width: number, paint: Paint): string[] {
  if (criterion.status !== 'not-met' && criterion.status !== 'unsettled') return [];
  const style = criterion.status === 'not-met' ? 'red' : 'yellow';
  // The lines above have the runs' ids.
  const nameOf = (runId: string): string => runs.find((run) => run.runId === runId)?.profile ?? runId;
  const lacking = criterion.evidence.filter(lacks).map((one) => evidenceText(one, nameOf));
  const words = cut(`${criterion.id}  "${harmless(criterion.source)}"`, width - 5);
  return [
    `   ${paint(style, CRITERION_MARKS[criterion.status])} ${words}`,
    ...[...lacking, ...criterion.notes.map(harmless)]
      .flatMap((text) => indented(text, 7, width))
      .map((line) => paint('dim', line)),
  ];
}

/** Whether it is a piece of evidence that keeps a criterion from being met. */
function lacks(evidence: Evidence): boolean {
  if (evidence.kind === 'gate') return evidence.figures.status !== 'pass';
  if (evidence.kind === 'duration') return evidence.hours < evidence.leastHours;
  if (evidence.kind === 'file') return evidence.sha256 === null;
  if (evidence.kind === 'game-day') return evidence.aim.state !== 'met';
  return evidence.kind === 'campaign-gate' && evidence.decision !== 'GO';
}

function indented(text: string, by: number, width: number): string[] {
  return wrap(text, width - by).map((line) => ' '.repeat(by) + line);
}

function footer(record: CampaignRecord, folderPath: string, width: number, paint: Paint): string[] {
  const awaiting = record.gates.flatMap((gate) => gate.criteria).filter((one) => one.status === 'awaiting');
  const path = harmless(folderPath);
  const command = `npm run campaign -- ${harmless(record.name)}`;
  const left = record.gates.some((gate) => !gate.passed && !(gate.reached && gate.runIds.length === 0));
  return [
    ` ${paint('dim', 'criteria')}   ${statusCounts(record.gates)}`,
    ...(awaiting.length === 0
      ? []
      : [
          ` ${paint('dim', 'tick')}       ${command} --tick <id> --by <name> --note <text>`,
          ...indented(awaiting.map((one) => one.id).join(', '), 12, width),
        ]),
    ` ${paint('dim', 'sign-off')}   ${path}/sign-off.md`,
    ...(left ? [` ${paint('dim', 'go on')}      ${command} --resume`] : []),
  ];
}
