import { createHash } from 'node:crypto';

const OPENERS = ['Here is a working brief', 'Below is a brief you can hand over', 'This brief is ready to send'];
const GOALS = [
  'a first cut that proves the idea to real viewers', 'one clear message that survives being cut to six seconds',
  'a set that feels hand made although it is generated', 'work that a small team can maintain without its maker',
];
const DELIVERABLES = [
  'a moodboard with three directions', 'two review rounds with notes', 'source files and the prompts behind them',
  'captions and alternative text', 'a licence sheet for every generated asset', 'a short hand-over call',
];
const DAYS = ['Monday', 'Tuesday', 'Friday'];
const RISKS = [
  'Likeness and music rights are cleared before the first render.', 'Faces of real people are never generated.',
  'The budget holds back ten per cent for one late change.', 'Drafts are watermarked until escrow is released.',
];

/**
 * A creator brief as word tokens. Deterministic: the same seed and prompt give the same words, so that runs can be
 * compared; about 75 tokens, so that a reply takes about a second at the stream's pace.
 */
export function briefTokens(seed: number, prompt: string): string[] {
  const digest = createHash('sha256').update(`${seed}\n${prompt}`).digest();
  const pick = (list: string[], byte: number): string => list[(digest[byte] ?? 0) % list.length] ?? '';
  const subject = /^Project: (.{1,80})/m.exec(prompt)?.[1] ?? 'your project';
  const first = (digest[4] ?? 0) % DELIVERABLES.length;
  const items = [0, 1, 2].map((step) => DELIVERABLES[(first + step) % DELIVERABLES.length] ?? '');
  const text = `${pick(OPENERS, 0)} for ${subject}.\n\nGoal: ${pick(GOALS, 1)}.\n\n`
    + `Deliverables: ${items[0]}, ${items[1]}, and ${items[2]}.\n\n`
    + `Timeline: ${2 + ((digest[2] ?? 0) % 4)} weeks, with a check-in every ${pick(DAYS, 5)}.\n\n`
    + `Ground rules: ${pick(RISKS, 3)}`;
  return text.match(/\S+\s*/g) ?? [text];
}
