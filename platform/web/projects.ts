import { randomUUID } from 'node:crypto';
import { currentRunId } from './context.ts';
import type { Db } from './db.ts';
import { invalidInput, notFound } from './errors.ts';
import { MAX_AMOUNT_CENTS, MIN_AMOUNT_CENTS, formatCents } from './money.ts';

export interface Project {
  id: string;
  userId: string;
  creatorId: number | null;
  title: string;
  details: string;
  skill: string;
  amountCents: number;
  status: 'draft' | 'funded' | 'completed' | 'refunded';
  brief: string | null;
  createdMs: number;
}
export interface NewProject {
  title: string;
  details: string;
  skill: string;
  amountCents: number;
  creatorId: number | null;
  /** The listing that it orders, if any: its owner may verify that the project is funded. */
  listingId?: number | null;
}

const COLUMNS = `id, user_id AS userId, creator_id AS creatorId, title, details, skill, amount_cents AS amountCents,
  status, brief, created_ms AS createdMs`;

/** Stores a project of the user. Throws 400 INVALID_INPUT with what is wrong. */
export function createProject(db: Db, userId: string, input: NewProject): Project {
  const title = input.title.trim();
  const wrong = title.length < 3 ? 'The title needs at least 3 characters.'
    : input.amountCents < MIN_AMOUNT_CENTS || input.amountCents > MAX_AMOUNT_CENTS
      ? `The budget must be from ${formatCents(MIN_AMOUNT_CENTS)} to ${formatCents(MAX_AMOUNT_CENTS)}.`
      : null;
  if (wrong !== null) throw invalidInput(wrong);
  if (input.creatorId !== null && !db.one('creators.by_id', 'SELECT 1 FROM creators WHERE id = ?', input.creatorId)) {
    throw invalidInput('There is no such creator.');
  }
  const { listingId = null, ...rest } = input;
  const known = listingId === null || db.one('listings.by_id', "SELECT 1 FROM listings WHERE id = ? AND status = 'active'",
    listingId) !== null;
  if (!known) throw invalidInput('There is no such listing.');
  const project: Project = {
    ...rest, id: `prj_${randomUUID()}`, userId, title, status: 'draft', brief: null, createdMs: Date.now(),
  };
  db.run('projects.insert', 'INSERT INTO projects VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?)', project.id, userId,
    project.creatorId, title, project.details, project.skill, project.amountCents, project.status, currentRunId(),
    project.createdMs, listingId);
  return project;
}

/** The user's project. Throws 404 for one that is not there and for one of somebody else. */
export function requireProject(db: Db, userId: string, id: string): Project {
  const project = db.one<Project>('projects.by_id', `SELECT ${COLUMNS} FROM projects WHERE id = ?`, id);
  if (!project || project.userId !== userId) throw notFound('project');
  return project;
}

/** Newest first. */
export function listProjects(db: Db, userId: string, limit = 50): Project[] {
  return db.all<Project>('projects.by_user',
    `SELECT ${COLUMNS} FROM projects WHERE user_id = ? ORDER BY created_ms DESC LIMIT ?`, userId, limit);
}
