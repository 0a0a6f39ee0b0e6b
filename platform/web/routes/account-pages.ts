import type { FastifyInstance } from 'fastify';
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
const ownPath = (next: string | undefined): string | null =>
  next !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(next) ? next : null;

/** Signup, login and logout as forms: POST, then 303 to a real page; the form again when something is wrong. */
export function accountPages(app: FastifyInstance, { db }: Services): void {
  const forms = [
    {
      path: '/signup', title: 'Sign up', page: signupPage, schema: signupSchema, to: '/welcome',
      enter: ({ name, email, password }: Form): Promise<User> => signUp(db, name, email, password),
    },
    {
      path: '/login', title: 'Log in', page: loginPage, schema: credentialsSchema, to: '/projects',
      enter: ({ email, password }: Form): Promise<User> => logIn(db, email, password),
    },
  ];
  for (const { path, title, page, schema, to, enter } of forms) {
    app.get<{ Querystring: { next?: string } }>(path, async ({ query }, reply) => sendPage(reply, () =>
      layout(title, null, page({ next: ownPath(query.next) ?? '', error: null }))));

    app.post<{ Body: Form }>(path, { schema: { body: schema }, attachValidation: true }, async (request, reply) => {
      const { body, validationError } = request;
      try {
        if (validationError) throw invalidInput(validationError.message);
        await openSession(reply, await enter(body));
        return reply.redirect(ownPath(body.next) ?? to, 303);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        const { name, email, next } = body ?? {};
        const form = { name, email, next: ownPath(next) ?? '', error: error.message };
        return sendPage(reply, () => layout(title, null, page(form)), error.status);
      }
    });
  }

  app.post('/logout', async (_request, reply) =>
    reply.clearCookie(SESSION_COOKIE, { path: '/' }).redirect('/', 303));

  app.get('/welcome', async (request, reply) => {
    const user = await requireUser(db, request);
    return sendPage(reply, () => layout('Welcome', user, welcomePage(user)));
  });
}
