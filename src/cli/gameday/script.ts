import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CodedError, type Fault } from '../../errors.ts';
import type { GameDayDecision } from '../../model/game-day.ts';
import { didYouMean } from '../../nearest.ts';
import { toSeconds } from '../../plan/script.ts';
import { parseYaml, type YamlFile } from '../../plan/yaml.ts';
import { zodFaults } from '../../plan/zod-faults.ts';
import { DECISION_FORMS, decisionOf } from './decision.ts';

/** The script of game days, and where the runbooks are, from the checkout. */
export const SCRIPT_FILE = 'ops/game-day.yml';
export const RUNBOOKS = 'ops/runbooks';

const id = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and dashes');
const LONGEST_MS = 86_400_000;
const lengthMs = (leastMs: number): z.ZodType<number> =>
  z
    .union([z.string(), z.number()])
    .transform((value) => Math.round((toSeconds(value) ?? NaN) * 1_000))
    .refine(
      (ms) => ms >= leastMs && ms <= LONGEST_MS,
      `a length such as 90s, 5m or 1h, from ${leastMs / 1_000}s to 24h`,
    );
const targetMs = lengthMs(1_000);
const Decision = z.string().transform((text, context) => {
  const decision = decisionOf(text);
  if (decision) return decision;
  context.addIssue({ code: 'custom', message: `must be ${DECISION_FORMS}` });
  return z.NEVER;
});

const Targets = z.strictObject({ detection: targetMs, decision: targetMs, recovery: targetMs });
const Held = z.strictObject({
  runbooks: z.array(id).min(1),
  decisions: z.array(Decision).min(1),
  draw: z.boolean().default(true),
});
const TrickleConfig = z.strictObject({
  path: z.string().regex(/^\/(?!\/)/, 'a path that begins with one /'),
  per_second: z.number().min(0.1).max(10),
});
const Script = z.strictObject({
  version: z.literal(1),
  targets: Targets,
  journeys: z.array(z.string().min(1)).min(1),
  trickle: TrickleConfig.optional(),
  drills: z.record(id, Held).refine((drills) => Object.keys(drills).length > 0, 'must not be empty'),
});
const KEYS = [Script, Targets, TrickleConfig, Held].flatMap((one) => Object.keys(one.shape));

/** What is asked of a team, each from the moment in which the fault goes in. */
export interface GameDayTargets {
  detectionMs: number;
  decisionMs: number;
  recoveryMs: number;
}

export interface HeldDrill {
  /** Pages that fit, and decisions that they name; the first of each is what practice gives. */
  runbooks: string[];
  decisions: GameDayDecision[];
  /** Whether it may be drawn. */
  draw: boolean;
}

/** A few requests a second between the checks; `{n}` in the path counts up, so that no cache answers them all. */
export interface Trickle {
  path: string;
  perSecond: number;
}

export interface GameDayScript {
  targets: GameDayTargets;
  journeys: string[];
  trickle: Trickle | null;
  drills: Readonly<Record<string, HeldDrill>>;
}

/** Returns the names of the runbooks' pages, without the contents page. */
export function runbookNames(root: string): string[] {
  const files = readdirSync(join(root, RUNBOOKS)).filter((name) => name.endsWith('.md') && name !== 'README.md');
  return files.map((name) => name.replace(/\.md$/, '')).sort();
}

/**
 * Reads ops/game-day.yml; `known` are the drills and journeys there are. Drills null: those of another profile than the
 * script was written for, which may lack some. Throws J_GAME_DAY_INVALID with every fault at once.
 */
export function readScript(
  root: string,
  known: { drills: readonly string[] | null; journeys: readonly string[] },
): GameDayScript {
  const { file, data } = readFileOf(join(root, SCRIPT_FILE), SCRIPT_FILE, Script, KEYS);
  const pages = runbookNames(root);
  const faults: Fault[] = [];
  const unknown = (path: (string | number)[], what: string, name: string, all: readonly string[]): void => {
    if (!all.includes(name))
      faults.push({ where: file.where(path), message: `there is no ${what} "${name}"`, hint: didYouMean(name, all) });
  };
  data.journeys.forEach((name, index) => unknown(['journeys', index], 'journey', name, known.journeys));
  for (const [name, { runbooks }] of Object.entries(data.drills)) {
    if (known.drills && !known.drills.includes(name)) {
      faults.push({
        where: file.whereKey(['drills', name]),
        message: `the profile has no drill "${name}"`,
        hint: didYouMean(name, known.drills),
      });
    }
    runbooks.forEach((page, index) =>
      unknown(['drills', name, 'runbooks', index], 'page in ops/runbooks', page, pages),
    );
  }
  if (faults.length > 0) throw new CodedError('J_GAME_DAY_INVALID', faults);
  const {
    targets: { detection, decision, recovery },
    trickle,
    journeys,
    drills,
  } = data;
  return {
    targets: { detectionMs: detection, decisionMs: decision, recoveryMs: recovery },
    journeys,
    drills,
    trickle: trickle ? { path: trickle.path, perSecond: trickle.per_second } : null,
  };
}

const Answers = z.strictObject({
  /** When the team sees that something is wrong: so long after the first alert, or after the fault went in. */
  notice: z
    .union(
      [z.strictObject({ after_alert: lengthMs(0) }), z.strictObject({ after_fault: lengthMs(0) })],
      'must be { after_alert: 10s } or { after_fault: 1m }',
    )
    .default({ after_alert: 0 }),
  runbook: id,
  /** One after the other, until the target is well again. */
  decisions: z.array(Decision).min(1),
});
export type Answers = z.infer<typeof Answers>;
const ANSWER_KEYS = [...Object.keys(Answers.shape), 'after_alert', 'after_fault'];

/** Reads a team's answers, given beforehand. Throws J_GAME_DAY_INVALID with every fault at once. */
export function readAnswers(path: string): Answers {
  return readFileOf(path, path, Answers, ANSWER_KEYS).data;
}

function readFileOf<T>(
  path: string,
  name: string,
  schema: z.ZodType<T>,
  keys: readonly string[],
): { file: YamlFile; data: T } {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    throw new CodedError(
      'J_GAME_DAY_INVALID',
      [{ where: name, message: code === 'ENOENT' ? 'there is no such file' : (code ?? message) }],
      { cause: thrown },
    );
  }
  const parsed = parseYaml(text, name);
  if ('faults' in parsed) throw new CodedError('J_GAME_DAY_INVALID', parsed.faults);
  const read = schema.safeParse(parsed.file.value);
  if (!read.success) throw new CodedError('J_GAME_DAY_INVALID', zodFaults(parsed.file, read.error.issues, [], keys));
  return { file: parsed.file, data: read.data };
}
