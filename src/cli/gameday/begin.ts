import { counted, harmless } from '../../report/text.ts';
import type { HoldOptions } from './hold-options.ts';
import type { Lookout } from './lookout.ts';
import { length } from './report.ts';
import type { HeldDrill } from './script.ts';
import { answeringTeam, practiceTeam, type Team } from './team.ts';
import { terminalTeam } from './terminal.ts';

/** Tells what is about to be played, and nothing of what will break. */
export function introduce({ target, journeys, asked, script, id, say, held, overrides }: HoldOptions): void {
  const { team, everyMs, targets } = asked;
  const what =
    team.kind === 'practice'
      ? 'practice: the right answers come at once'
      : team.kind === 'answers'
        ? 'answers from a file'
        : 'one of these dependencies breaks, soon';
  const checks = `${counted(journeys.length, 'journey')} every ${everyMs / 1_000} s`;
  const drawnFrom = held.length === 1 ? 'one drill' : `one of ${counted(held.length, 'drill')}`;
  say(
    [
      ` GAME DAY  ${id} · ${harmless(target)} · ${checks} · ${what}`,
      `   drawn from ${drawnFrom} of ${Object.keys(script.drills).length} · runbooks: ops/runbooks/README.md`,
      `   aims, from the fault on: detected within ${length(targets.detectionMs)}, decided within ${length(targets.decisionMs)}, ` +
        `recovered within ${length(targets.recoveryMs)}`,
      ...overrides.map((one) => `   OVERRIDDEN: ${one.guard} · ${harmless(one.what)} · ${harmless(one.reason)}`),
      '   Ctrl-C ends it, and takes out what is broken',
      '',
    ].join('\n'),
  );
}

/** Returns who is asked: people at the terminal, a file, or nobody. */
export function teamOf(
  { asked, answers, input, width, ending, sleep }: HoldOptions,
  answer: HeldDrill,
  lookout: Lookout,
  say: (text: string) => void,
): Team {
  if (asked.team.kind === 'practice') return practiceTeam(answer, sleep);
  if (answers !== null) return answeringTeam(answers, sleep);
  return terminalTeam({ input, say, width, standing: () => lookout.standing(), onGone: () => ending.abort() });
}
