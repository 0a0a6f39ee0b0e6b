import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Services } from '../app.ts';
import { SESSION_COOKIE, logIn, openSession, requireUser, signUp } from '../auth.ts';
import type { User } from '../auth.ts';
import { AppError, invalidInput } from '../errors.ts';
import { loginPage, signupPage, welcomePage } from '../pages/account.ts';
import { layout, sendPage } from '../pages/layout.ts';
import { credentialsSchema, signupSchema } from './schemas.ts';

interface Form {
  name: string;
  email: string;
  password: string;
  next?: string;
}

/** Only paths of our own: anything else would let a link send people elsewhere after they logged in. */
const ownPath = (next: string | undefined, fallback: string): string =>
  next !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(next) ? next : fallback;

/** Signup, login and logout as forms: POST, then 303 to a real page. */
export function accountPages(app: FastifyInstance, { db }: Services): void {
  async function enter(reply: FastifyReply, to: string, account: Promise<User>): Promise<AppError | null> {
    try {
      await openSession(reply, await account);
      await reply.redirect(to, 303);
      return null;
    } catch (error) {
      if (error instanceof AppError) return error;
      throw error;
    }
  }

  app.get<{ Querystring: { next?: string } }>('/signup', async ({ query }, reply) => sendPage(reply, () =>
    layout('Sign up', null, signupPage({ next: ownPath(query.next, ''), error: null }))));

  app.post<{ Body: Form }>('/signup', { schema: { body: signupSchema }, attachValidation: true },
    async (request, reply) => {
      const body = request.body ?? {};
      const { name, email, next } = body;
      const error = request.validationError ? invalidInput(request.validationError.message)
        : await enter(reply, ownPath(next, '/welcome'), signUp(db, name, email, body.password));
      if (error === null) return reply;
      const form = { name, email, next: next ?? '', error: error.message };
      return sendPage(reply, () => layout('Sign up', null, signupPage(form)), error.status);
    });

  app.get<{ Querystring: { next?: string } }>('/login', async ({ query }, reply) => sendPage(reply, () =>
    layout('Log in', null, loginPage({ next: ownPath(query.next, ''), error: null }))));

  app.post<{ Body: Form }>('/login', { schema: { body: credentialsSchema }, attachValidation: true },
    async (request, reply) => {
      const body = request.body ?? {};
      const { email, next } = body;
      const error = request.validationError ? invalidInput(request.validationError.message)
        : await enter(reply, ownPath(next, '/projects'), logIn(db, email, body.password));
      if (error === null) return reply;
      const form = { email, next: next ?? '', error: error.message };
      return sendPage(reply, () => layout('Log in', null, loginPage(form)), error.status);
    });

  app.post('/logout', async (_request, reply) =>
    reply.clearCookie(SESSION_COOKIE, { path: '/' }).redirect('/', 303));

  app.get('/welcome', async (request, reply) => {
    const user = await requireUser(db, request);
    return sendPage(reply, () => layout('Welcome', user, welcomePage(user)));
  });
}
