import type { GateResult, RunRecord } from '../model/index.ts';
import { runbookOf } from '../model/runbook.ts';
import { gateFigures } from './gate-sentence.ts';
import { overrideLines } from './guards.ts';
import { headline } from './lines.ts';
import type { Reporter } from './reporter.ts';
import { harmless } from './text.ts';

/** GitHub shows so many annotations of a level a step, and drops the others without a word. */
const MOST_A_LEVEL = 10;

type Level = 'error' | 'warning' | 'notice';

/**
 * Returns the verdict as GitHub's workflow commands: one for the decision, then one a gate that did not pass, `error` for
 * a missed limit and `warning` for what is open. Where there are more than GitHub shows, the last one names the others.
 * Runbooks are links where it is known where this project's files stand.
 */
export function annotations(record: RunRecord, runPath: string, sourceUrl = ''): string[] {
  const { decision, reason, gates } = record.verdict;
  const level = ({ GO: 'notice', 'NO-GO': 'error', INCONCLUSIVE: 'warning' } as const)[decision];
  const first = command(level, `${decision} · ${headline(record)}`, [...overrideLines(record), reason, `Report: ${runPath}`].join(' '));
  const failed = gates.filter(({ status }) => status === 'fail');
  const open = gates.filter(({ status }) => status !== 'fail' && status !== 'pass');
  return [
    first,
    ...few('error', failed, 'failed'),
    ...few('warning', open, 'are open'),
  ];

  function few(own: Level, gates: readonly GateResult[], what: string): string[] {
    const most = MOST_A_LEVEL - (own === level ? 1 : 0);
    const shown = gates.length <= most ? gates : gates.slice(0, most - 1);
    const others = gates.slice(shown.length);
    const lines = shown.map((gate) => command(own, `${gate.title} (${gate.id})`, sentence(gate, sourceUrl)));
    if (others.length === 0) return lines;
    return [...lines, command(own, `${others.length} more gates ${what}`, others.map(({ id }) => id).join(', '))];
  }
}

function sentence(gate: GateResult, sourceUrl: string): string {
  const why = [...(gate.hint === null ? [] : [gate.hint]), ...gate.evidence.slice(0, 1)];
  return [gateFigures(gate), ...why, `runbook ${sourceUrl}${runbookOf(gate.metric)}`].join(' · ');
}

/**
 * A workflow command is one line; what would end its title or itself is escaped as GitHub's runner undoes it
 * (actions/toolkit, `escapeData` and `escapeProperty`).
 */
function command(level: Level, title: string, message: string): string {
  const data = escaped(message);
  return `::${level} title=${escaped(title).replaceAll(':', '%3A').replaceAll(',', '%2C')}::${data}`;
}

function escaped(text: string): string {
  return harmless(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** Annotations beside a GitHub job, where the caller runs in one. */
export const githubAnnotationsReporter: Reporter = {
  name: 'GitHub annotations',
  write: async (record, context) => {
    context.outlets?.annotate?.(`${annotations(record, context.runPath, context.sourceUrl).join('\n')}\n`);
  },
};
