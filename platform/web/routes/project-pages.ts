import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Services } from '../app.ts';
import { requireUser } from '../auth.ts';
import { AppError, invalidInput } from '../errors.ts';
import { formatCents, parseCents } from '../money.ts';
import { layout, sendPage } from '../pages/layout.ts';
import { checkoutPage, newProjectPage, projectList, projectPage } from '../pages/project.ts';
import { createProject, listProjects, requireProject } from '../projects.ts';
import type { Project } from '../projects.ts';
import { SKILLS } from '../seed.ts';
import { idParams, skillSchema } from './schemas.ts';

interface Form {
  title: string;
  details: string;
  skill: string;
  budget: string;
  creatorId?: number;
}

const formSchema = {
  type: 'object', required: ['title', 'skill', 'budget'],
  properties: {
    title: { type: 'string', maxLength: 120 }, details: { type: 'string', maxLength: 4000, default: '' },
    skill: skillSchema, budget: { type: 'string', maxLength: 30 }, creatorId: { type: 'integer' },
  },
};
const DEFAULT_BUDGET_CENTS = 120_000;

/** Not from any cache, with Back neither: what a page says of money must hold now. */
const fresh = (reply: FastifyReply): FastifyReply => reply.header('cache-control', 'no-store');

/** Project list, form, project and checkout pages. */
export function projectPages(app: FastifyInstance, { db, catalog, escrow }: Services): void {
  app.get('/projects', async (request, reply) => {
    const user = await requireUser(db, request);
    const projects = listProjects(db, user.id);
    return sendPage(reply, () => layout('Projects', user, projectList(projects)));
  });

  app.get<{ Querystring: { skill?: string; creator?: string } }>('/projects/new', async (request, reply) => {
    const user = await requireUser(db, request);
    const id = Number(request.query.creator);
    const creator = Number.isSafeInteger(id) ? catalog.creator(id) : null;
    const skill = creator?.skill ?? request.query.skill ?? SKILLS[0]?.[0] ?? '';
    const budget = formatCents(DEFAULT_BUDGET_CENTS).slice(1);
    const form = { title: '', details: '', skill, budget, creator, error: null };
    return sendPage(reply, () => layout('New project', user, newProjectPage(form)));
  });

  app.post<{ Body: Form }>('/projects', { schema: { body: formSchema } }, async (request, reply) => {
    const user = await requireUser(db, request);
    const { title, details, skill, budget, creatorId = null } = request.body;
    let project: Project;
    try {
      const amountCents = parseCents(budget);
      if (amountCents === null) throw invalidInput('The budget is not an amount, such as 1,200.00.');
      project = createProject(db, user.id, { title, details, skill, amountCents, creatorId });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const creator = creatorId === null ? null : catalog.creator(creatorId);
      const form = { title, details, skill, budget, creator, error: error.message };
      return sendPage(reply, () => layout('New project', user, newProjectPage(form)), error.status);
    }
    return reply.redirect(`/projects/${project.id}`, 303);
  });

  app.get<{ Params: { id: string } }>('/projects/:id', { schema: { params: idParams } }, async (request, reply) => {
    const user = await requireUser(db, request);
    const project = requireProject(db, user.id, request.params.id);
    const creator = project.creatorId === null ? null : catalog.creator(project.creatorId);
    const active = escrow.active(project.id);
    return sendPage(fresh(reply), () => layout(project.title, user, projectPage(project, creator, active)));
  });

  app.get<{ Params: { id: string } }>('/projects/:id/checkout', { schema: { params: idParams } },
    async (request, reply) => {
      const user = await requireUser(db, request);
      const project = requireProject(db, user.id, request.params.id);
      const open = project.status === 'draft' || project.status === 'refunded';
      if (!open) return reply.redirect(`/projects/${project.id}`, 303);
      const last = escrow.latest(project.id);
      return sendPage(fresh(reply), () => layout('Escrow checkout', user, checkoutPage(project, last)));
    });
}
