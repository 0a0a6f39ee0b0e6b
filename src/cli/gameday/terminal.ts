import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { didYouMean, nearest } from '../../nearest.ts';
import { harmless, wrap } from '../../report/text.ts';
import { decisionOf } from './decision.ts';
import type { Team } from './team.ts';

export interface TerminalOptions {
  input: Readable;
  say: (text: string) => void;
  width: number;
  /** What the checks see now, for whoever asks. */
  standing: () => string;
  /** The input has ended: nobody is there any more. */
  onGone: () => void;
}

type Reader = (line: string) => void;

/**
 * Returns the people at a terminal. What is asked stands between what the checks report, so each question is answered
 * with a line of its own; `s` shows what the checks see now.
 */
export function terminalTeam({ input, say, width, standing, onGone }: TerminalOptions): Team {
  // No line editor: it would take Ctrl-C for itself, and redraw over what is reported.
  const lines = createInterface({ input, terminal: false });
  let reader: Reader | null = null;
  let closing = false;
  lines.on('line', (line) => {
    const said = line.trim();
    if (said.toLowerCase() === 's') say(standing());
    else reader?.(said);
  });
  lines.on('close', () => {
    if (!closing) onGone();
  });

  /** Hands on lines until one of them makes an answer. */
  function ask<T>(prompt: string, answerOf: (line: string) => T | null, signal: AbortSignal): Promise<T | null> {
    say(prompt);
    return new Promise<T | null>((resolve) => {
      const done = (): void => {
        reader = null;
        signal.removeEventListener('abort', stop);
      };
      const stop = (): void => {
        done();
        resolve(null);
      };
      signal.addEventListener('abort', stop, { once: true });
      reader = (line) => {
        const answer = answerOf(line);
        if (answer === null) return;
        done();
        resolve(answer);
      };
    });
  }

  function listed(names: readonly string[]): string {
    return wrap(names.map((name, index) => `${index + 1}\u00a0${name}`).join('   '), width - 4)
      .map((line) => `    ${line.replaceAll('\u00a0', ' ')}`)
      .join('\n');
  }

  return {
    kind: 'people',
    notice: (_, signal) =>
      ask(
        '  ? Press Enter as soon as you know that something is wrong (s: what the checks see now).',
        (): true => true,
        signal,
      ),
    runbook: (pages, signal) =>
      ask(
        `  ? Which runbook? Its number or name:\n${listed(pages)}`,
        (line) => {
          const page = pages[Number(line) - 1] ?? (pages.includes(line.toLowerCase()) ? line.toLowerCase() : null);
          const near = nearest(line, pages);
          if (page === null && line !== '')
            say(`  ! there is no page "${harmless(line)}"${near === null ? '' : `: did you mean "${near}"?`}`);
          return page;
        },
        signal,
      ),
    decide: (flags, again, signal) => {
      const states = flags.map(({ name, enabled }) => `${harmless(name)} (${enabled ? 'on' : 'off'})`);
      const prompt = [
        `  ? ${again ? 'Still not well. ' : ''}What do you do? roll-back · fail-over <flag> on|off · wait · give-up`,
        ...(states.length === 0 ? [] : [`    flags: ${states.join(', ')}`]),
      ].join('\n');
      return ask(
        prompt,
        (line) => {
          if (/^give[ -]up$/i.test(line)) return 'give up' as const;
          const decision = decisionOf(line);
          if (decision === null) {
            if (line !== '') say('  ! one of roll-back, fail-over <flag> on|off, wait, give-up');
            return null;
          }
          const known = flags.map(({ name }) => name);
          if (decision.kind === 'fail-over' && !known.includes(decision.flag)) {
            const meant = known.length === 0 ? ' here' : `: ${didYouMean(decision.flag, known)}`;
            say(`  ! there is no flag "${decision.flag}"${meant}`);
            return null;
          }
          return decision;
        },
        signal,
      );
    },
    close: () => {
      closing = true;
      lines.close();
    },
  };
}
