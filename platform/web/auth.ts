import { randomBytes, randomUUID, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { currentRunId } from './context.ts';
import type { Db } from './db.ts';
import { AppError, invalidInput } from './errors.ts';

export const SESSION_COOKIE = 'openshow_session';
const SESSION_SECONDS = 7 * 24 * 60 * 60;
/** N = 2^14, r = 8: 30 ms of one core and 16 MB. Made-up accounts do not need the p = 5 that OWASP asks for, 150 ms. */
const COST = { N: 16384, r: 8, p: 1 };
const derive = promisify<string, Buffer, number, typeof COST, Buffer>(scrypt);

export interface User {
  id: string;
  email: string;
  name: string;
}

/** `salt:key`, both in hex; asynchronous, on the thread pool. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password.normalize('NFKC'), salt, 32, COST);
  return `${salt.toString('hex')}:${key.toString('hex')}`;
}

async function matches(password: string, stored: string): Promise<boolean> {
  const [salt = '', key = ''] = stored.split(':');
  const expected = Buffer.from(key, 'hex');
  const actual = await derive(password.normalize('NFKC'), Buffer.from(salt, 'hex'), expected.length, COST);
  return timingSafeEqual(actual, expected);
}

/** Creates an account. Throws 409 EMAIL_TAKEN. */
export async function signUp(db: Db, name: string, email: string, password: string): Promise<User> {
  const user = { id: `usr_${randomUUID()}`, email: email.toLowerCase(), name: name.trim() };
  if (user.name === '') throw invalidInput('Your name is missing.');
  const hashed = await hashPassword(password);
  const added = db.run('users.insert', 'INSERT INTO users VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    user.id, user.email, user.name, hashed, currentRunId(), Date.now());
  if (added === 0) throw new AppError(409, 'EMAIL_TAKEN', 'An account with this email address exists. Log in instead.');
  return user;
}

const nobody = hashPassword('nobody has this password');

/** Throws 401 WRONG_CREDENTIALS, after the same work whether or not the address is known. */
export async function logIn(db: Db, email: string, password: string): Promise<User> {
  const row = db.one<User & { password: string }>('users.by_email',
    'SELECT id, email, name, password FROM users WHERE email = ?', email);
  const right = await matches(password, row?.password ?? (await nobody));
  if (!row || !right) throw new AppError(401, 'WRONG_CREDENTIALS', 'The email address or the password is wrong.');
  return { id: row.id, email: row.email, name: row.name };
}

/** Sets the session cookie; returns the same token for API callers. */
export async function openSession(reply: FastifyReply, user: User): Promise<string> {
  const token = await reply.jwtSign({ sub: user.id }, { expiresIn: SESSION_SECONDS });
  reply.setCookie(SESSION_COOKIE, token, { httpOnly: true, sameSite: 'lax', path: '/', maxAge: SESSION_SECONDS });
  return token;
}

/** The signed-in user, or null: no session, a forged or expired one, or an account that is gone. */
export async function currentUser(db: Db, request: FastifyRequest): Promise<User | null> {
  if (request.headers.authorization === undefined && request.cookies[SESSION_COOKIE] === undefined) return null;
  try {
    const { sub } = await request.jwtVerify<{ sub: string }>();
    return db.one<User>('users.by_id', 'SELECT id, email, name FROM users WHERE id = ?', sub);
  } catch {
    return null;
  }
}

/** The signed-in user. Throws 401 LOGIN_REQUIRED. */
export async function requireUser(db: Db, request: FastifyRequest): Promise<User> {
  const user = await currentUser(db, request);
  if (!user) throw new AppError(401, 'LOGIN_REQUIRED', 'Log in first.');
  return user;
}
