import type { User } from '../auth.ts';
import type { AppError } from '../errors.ts';
import { html } from '../html.ts';
import type { Html } from '../html.ts';
import { layout } from './layout.ts';

export const alertBox = (message: string | null): Html | null =>
  message === null ? null : html`<p class="alert" role="alert" data-testid="form-error">${message}</p>`;

export interface AccountForm {
  name?: string;
  email?: string;
  next: string;
  error: string | null;
}

export function signupPage({ name, email, next, error }: AccountForm): Html {
  return html`<form class="card sheet narrow" method="post" action="/signup">
    <h1>Join OpenShow</h1>
    <p class="muted">Free to join. You pay 3 % on top of what your creator earns, and nothing else.</p>
    ${alertBox(error)}<input type="hidden" name="next" value="${next}">
    <label>Name<input name="name" value="${name}" required maxlength="80" autocomplete="name"></label>
    <label>Email<input name="email" type="email" value="${email}" required maxlength="254" autocomplete="email"></label>
    <label>Password<input name="password" type="password" required minlength="8" maxlength="200"
      autocomplete="new-password" aria-describedby="password-help"></label>
    <small id="password-help">At least 8 characters.</small>
    <button class="button" type="submit">Create account</button>
    <p class="muted">Here before? <a href="/login">Log in</a></p>
  </form>`;
}

export function loginPage({ email, next, error }: AccountForm): Html {
  return html`<form class="card sheet narrow" method="post" action="/login">
    <h1>Welcome back</h1>
    ${alertBox(error)}<input type="hidden" name="next" value="${next}">
    <label>Email<input name="email" type="email" value="${email}" required maxlength="254" autocomplete="email"></label>
    <label>Password<input name="password" type="password" required maxlength="200"
      autocomplete="current-password"></label>
    <button class="button" type="submit">Log in</button>
    <p class="muted">New here? <a href="/signup">Create an account</a></p>
  </form>`;
}

export function welcomePage(user: User): Html {
  return html`<section class="hero">
    <p class="eyebrow">Your account is ready</p>
    <h1 data-testid="welcome">Welcome, <em>${user.name}</em></h1>
    <p class="lead">Describe what you want made; our agent drafts a brief, and escrow protects both sides.</p>
    <p class="row"><a class="button" href="/projects/new">Start a project</a>
      <a class="button quiet" href="/search">Browse creators</a></p>
  </section>`;
}

export function errorPage({ status, message }: AppError): string {
  return layout(`Error ${status}`, null, html`<section class="hero"><p class="eyebrow">Error ${status}</p>
    <h1>${status === 404 ? 'This stage is empty' : 'The show stopped'}</h1><p class="lead">${message}</p>
    <p><a class="button" href="/">Back to the marketplace</a></p></section>`).text;
}
