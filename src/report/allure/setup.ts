import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunRecord, Story } from '../../model/index.ts';
import { facts } from '../lines.ts';
import { count, harmless, withUnit } from '../text.ts';
import { step } from './model.ts';
import type { Attached, Step } from './model.ts';

/** Files that other reporters have written for people, and what they are called here. */
const FILES = [
  { file: 'index.html', name: 'executive report', contentType: 'text/html', extension: '.html' },
  { file: 'verdict.txt', name: 'verdict', contentType: 'text/plain', extension: '.txt' },
] as const;

const EXTENT = { whole: '', cut: ', cut short', never: ', never begun' } as const;

/** Returns the load run as what was done before any gate was looked at: its phases, with who came. */
export function loadRun(record: RunRecord, story: Story, charts: readonly Attached[]): Step {
  const { totals, arrivals } = record;
  const phases = arrivals.map(({ phase, extent, scheduled, started, finished, dropped, lateness, note, notAsPlanned }) => {
    const stretch = story.phases.find(({ name }) => name === phase);
    return step(`phase ${harmless(phase)}${EXTENT[extent]}`, notAsPlanned ? 'broken' : 'passed', {
      fromMs: stretch?.fromMs ?? 0,
      lengthMs: stretch === undefined ? 0 : stretch.toMs - stretch.fromMs,
      parameters: [
        { name: 'users due', value: count(scheduled) },
        { name: 'began', value: count(started) },
        { name: 'finished', value: count(finished) },
        ...(dropped === 0 ? [] : [{ name: 'turned away', value: count(dropped) }]),
        ...(lateness === null ? [] : [{ name: 'late p95', value: withUnit(lateness.p95Ms, 'ms') }]),
        ...(note === null ? [] : [{ name: 'note', value: harmless(note) }]),
      ],
    });
  });
  return step(`load run: ${facts(record)}`, totals.ended === 'completed' ? 'passed' : 'broken', {
    steps: phases, attachments: [...charts], lengthMs: totals.durationMs,
  });
}

/** Returns what stakeholders may want beside the gates, as far as other reporters have written it. */
export async function runFiles(runDir: string): Promise<Attached[]> {
  const found = await Promise.all(FILES.map(async ({ file, ...attached }): Promise<Attached[]> => {
    const path = join(runDir, file);
    const there = await stat(path).catch(() => null);
    return there?.isFile() ? [{ ...attached, content: { path } }] : [];
  }));
  return found.flat();
}
