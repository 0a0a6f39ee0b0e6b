import type { FastifyInstance } from 'fastify';
import type { Services } from '../app.ts';
import { logIn, openSession, requireUser, signUp } from '../auth.ts';
import { createProject, listProjects, requireProject } from '../projects.ts';
import type { NewProject } from '../projects.ts';
import { createCreatorQuery, credentialsSchema, idParams, projectSchema, signupSchema } from './schemas.ts';
import type { CreatorSearch } from './schemas.ts';

/** The API of Task 85: discovery, accounts and projects. */
export function api(app: FastifyInstance, { db, catalog, escrow }: Services): void {
  app.get<{ Querystring: CreatorSearch }>('/api/v1/creators', {
    schema: {
      querystring: {
        type: 'object',
        properties: {
          q: { type: 'string', maxLength: 100 }, skill: { type: 'string', maxLength: 40 },
          verified: { type: 'string', enum: ['true', 'false'] },
          limit: { type: 'integer', minimum: 1, maximum: 100 },
          offset: { type: 'integer', minimum: 0, maximum: 10_000 },
        },
      },
    },
  }, async ({ query }) => catalog.search(createCreatorQuery(query)));

  app.get<{ Querystring: { q: string } }>('/api/v1/search/suggestions', {
    schema: {
      querystring: { type: 'object', required: ['q'], properties: { q: { type: 'string', maxLength: 100 } } },
    },
  }, async ({ query }) => ({ suggestions: catalog.suggestions(query.q) }));

  app.post<{ Body: { name: string; email: string; password: string } }>('/api/v1/auth/signup', {
    schema: { body: signupSchema },
  }, async ({ body }, reply) => {
    const user = await signUp(db, body.name, body.email, body.password);
    return reply.code(201).send({ user, token: await openSession(reply, user) });
  });

  app.post<{ Body: { email: string; password: string } }>('/api/v1/auth/login', {
    schema: { body: credentialsSchema },
  }, async ({ body }, reply) => {
    const user = await logIn(db, body.email, body.password);
    return { user, token: await openSession(reply, user) };
  });

  app.get('/api/v1/auth/me', async (request) => ({ user: await requireUser(db, request) }));

  app.get('/api/v1/projects', async (request) => {
    const user = await requireUser(db, request);
    return { projects: listProjects(db, user.id) };
  });

  app.post<{ Body: NewProject }>('/api/v1/projects', { schema: { body: projectSchema } }, async (request, reply) => {
    const user = await requireUser(db, request);
    const { title, details, skill, amountCents, creatorId, listingId } = request.body;
    const project = createProject(db, user.id, { title, details, skill, amountCents, creatorId, listingId: listingId ?? null });
    return reply.code(201).header('location', `/api/v1/projects/${project.id}`).send({ project });
  });

  app.get<{ Params: { id: string } }>('/api/v1/projects/:id', { schema: { params: idParams } }, async (request) => {
    const user = await requireUser(db, request);
    const project = requireProject(db, user.id, request.params.id);
    const creator = project.creatorId === null ? null : catalog.creator(project.creatorId);
    return { project, creator, escrow: escrow.active(project.id) };
  });
}
