import type { Db } from './db.ts';

export interface BriefSubject {
  title: string;
  details: string;
  skill: string;
}
/** What a user gets in place of a brief: one made for somebody else's project of the same skill, or none at all. */
export type FallbackKind = 'cached' | 'outline';

/** Stands in a template for the project's title; nobody types it. */
const TITLE = '\u0001';
/** One brief a skill and minute is fresh enough for a fallback. */
const FRESH_MS = 60_000;
/** So many words in a row of what a user wrote are the user's own. */
const OWN_WORDS = 3;

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

function sharesWords(text: string, own: string): boolean {
  const words = wordsOf(own);
  const run = Math.min(OWN_WORDS, words.length);
  if (run === 0) return false;
  const inText = ` ${wordsOf(text).join(' ')} `;
  return words.some((_, at) => at + run <= words.length && inText.includes(` ${words.slice(at, at + run).join(' ')} `));
}

/**
 * A brief with a gap in place of its project's title, for projects of other people; null where the title is a word of
 * the text as well, or where something else in it may come from what the user wrote, which is nobody else's business.
 */
export function templateOf(brief: string, { title, details }: BriefSubject): string | null {
  const [before = '', ...after] = brief.split(title);
  if (after.length > 1) return null;
  const template = [before, ...after].join(TITLE);
  return sharesWords(template, title) || sharesWords(template, details) ? null : template;
}

function outline({ title, skill, details }: BriefSubject): string {
  return `Outline for ${title}.\n\nSkill: ${skill}.\n\n${details || 'Describe the goal here.'}\n\n`
    + 'Deliverables: first draft, one review round, final files.';
}

export const fallbackMessage = (kind: FallbackKind): string =>
  `The model is not available; here is ${kind === 'cached' ? 'a cached brief' : 'a plain outline'}. Try again later.`;

/** Briefs for when the model is away, by skill. In the database, so that they outlive the processes. */
export function createBriefCache(db: Db) {
  const keptMs = new Map<string, number>();
  return {
    /**
     * Keeps a good brief for others, at most one a skill and minute. One of a load test (`runId`) takes the place of no
     * other: it is removed with its run.
     */
    keep(subject: BriefSubject, brief: string, runId: string | null): void {
      if (Date.now() - (keptMs.get(subject.skill) ?? 0) < FRESH_MS) return;
      const template = templateOf(brief, subject);
      if (template === null) return;
      db.run('briefs.keep', `INSERT INTO brief_templates (skill, template, made_ms, run_id) VALUES (?, ?, ?, ?)
        ON CONFLICT (skill) DO UPDATE SET template = excluded.template, made_ms = excluded.made_ms,
          run_id = excluded.run_id WHERE excluded.run_id IS NULL OR brief_templates.run_id IS NOT NULL`,
        subject.skill, template, Date.now(), runId);
      keptMs.set(subject.skill, Date.now());
    },
    /** What this project gets instead of a brief of its own. */
    fallback(subject: BriefSubject): { kind: FallbackKind; brief: string } {
      const kept = db.one<{ template: string }>('briefs.by_skill',
        'SELECT template FROM brief_templates WHERE skill = ?', subject.skill);
      return kept ? { kind: 'cached', brief: kept.template.split(TITLE).join(subject.title) }
        : { kind: 'outline', brief: outline(subject) };
    },
  };
}
