import type { CampaignGate, CampaignRecord, CampaignRun } from '../model/campaign.ts';
import {
  CRITERION_MARKS,
  CRITERION_WORDS,
  campaignFacts,
  clockText,
  evidenceText,
  runWords,
  statusCounts,
} from './campaign-lines.ts';
import { count, harmless } from './text.ts';

const SPECIAL = /[&<>\\`*_{}[\]()#+!|~@]/g;
const HEX_SHOWN = 12;

/**
 * Names and notes come from outside: as character references, nothing in them is markup, a mention or the end of a
 * cell.
 */
function plain(text: string): string {
  return harmless(text).replace(SPECIAL, (sign) => `&#${sign.charCodeAt(0)};`);
}

/**
 * Returns the sign-off of a campaign as markdown: the decision, its reason, every run, and every criterion with its
 * evidence.
 */
export function signOff(record: CampaignRecord): string {
  const { decision, reason, startedAt, updatedAt, runs, gates } = record;
  return [
    `# ${decision} · ${plain(record.name)}: ${plain(record.title)}`,
    '',
    `${plain(reason)}.`,
    '',
    ...(record.scale === null
      ? []
      : [
          `**Compressed: not a sign-off.** Run times were divided by up to ${count(Math.round(record.scale))}; ` +
            'what is met here is met at this scale only.',
          '',
        ]),
    `- Criteria: ${statusCounts(gates)}`,
    `- ${plain(campaignFacts(record))}`,
    `- Begun ${startedAt}, as of ${updatedAt}`,
    `- Target: ${plain([...new Set(runs.flatMap((run) => run.target ?? []))].join(', ') || 'none yet')}`,
    `- Code: ${plain([...new Set(runs.flatMap((run) => run.commit ?? []))].join(', ') || 'not known')}`,
    `- Campaign file: sha256 ${record.definitionSha256.slice(0, HEX_SHOWN)}`,
    '',
    '## Runs',
    '',
    '| gate | run | outcome | lasted | time divided by | code | slo.yml | record (sha256) |',
    '| - | - | - | - | - | - | - | - |',
    ...runs.map(runRow),
    '',
    ...gates.flatMap(gateSection),
    'Marks: ' + CRITERION_WORDS.map(([status, word]) => `${CRITERION_MARKS[status]} ${word}`).join(' · '),
    '',
  ].join('\n');
}

function runRow(run: CampaignRun): string {
  const hex = (hash: string | null): string => (hash === null ? '–' : hash.slice(0, HEX_SHOWN));
  const cells = [
    run.gate,
    run.runId,
    `${runWords(run)}${run.superseded ? ', set aside' : ''}`,
    run.durationS === null ? '–' : clockText(run.durationS),
    run.shortenedBy === null ? '–' : count(Math.round(run.shortenedBy)),
    run.commit ?? hex(run.sources.code),
    hex(run.sources.slo),
    hex(run.recordSha256),
  ];
  return `| ${cells.map(plain).join(' | ')} |`;
}

function gateSection(gate: CampaignGate): string[] {
  return [
    `## ${plain(gate.title)} (${plain(gate.id)}): ${gate.decision}`,
    '',
    `${plain(gate.reason)}.`,
    '',
    ...gate.notes.map((note) => `- ${plain(note)}`),
    ...(gate.notes.length > 0 ? [''] : []),
    '| | criterion | the plan’s words | evidence |',
    '| - | - | - | - |',
    ...gate.criteria.map((one) => {
      const said = [...one.evidence.map((evidence) => evidenceText(evidence)), ...one.notes].map(plain).join('<br>');
      return `| ${CRITERION_MARKS[one.status]} | ${plain(one.id)} | ${plain(one.source)} | ${said} |`;
    }),
    '',
  ];
}
