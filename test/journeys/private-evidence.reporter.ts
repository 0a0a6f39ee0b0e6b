import { readFileSync, writeFileSync } from 'node:fs';
import type { Reporter, TestCase, TestError, TestResult, TestStep } from '@playwright/test/reporter';
import { unzipSync, zipSync } from 'fflate';
import { redaction } from '../../src/collect/redaction.ts';
import { maskTrace } from '../../src/collect/trace-mask.ts';

/**
 * Masks what a failed test leaves, in its place, before the reporters listed behind this one take it along: its errors, the
 * description of its page, what it printed, its trace. Playwright's own trace holds cookies, passwords and bodies; what belongs to the test
 * and not to its browser is left out with them. Pictures are taken by src/drive/picture.ts, which covers what is private.
 */
export default class PrivateEvidence implements Reporter {
  onStepEnd(_test: TestCase, _result: TestResult, { error }: TestStep): void {
    if (error) maskError(error);
  }

  onTestEnd(_test: TestCase, { attachments, errors, stdout, stderr }: TestResult): void {
    for (const error of errors) maskError(error);
    for (const printed of [stdout, stderr].filter(({ length }) => length > 0)) printed.splice(0, printed.length, redaction().text(printed.join('')));
    for (const attachment of attachments) {
      const { name, path, body, contentType } = attachment;
      const isText = /^text\/|[/+](?:json|xml)\b/.test(contentType);
      if (name === 'trace' && path !== undefined) maskTraceFile(path);
      else if (isText && path !== undefined) writeFileSync(path, redaction().text(readFileSync(path, 'utf8')));
      else if (isText && body !== undefined) attachment.body = Buffer.from(redaction().text(body.toString('utf8')));
    }
  }

  printsToStdio(): boolean {
    return false;
  }
}

function maskError(error: TestError): void {
  for (const part of ['message', 'stack', 'value', 'snippet'] as const) if (error[part] !== undefined) error[part] = redaction().text(error[part]);
  if (error.cause) maskError(error.cause);
}

function maskTraceFile(path: string): void {
  let masked: Record<string, Uint8Array> = {};
  try {
    const files = Object.entries(unzipSync(readFileSync(path)));
    // One for each context, "0-trace.trace" and on: the user's is the one in which something happened.
    const traces = files.filter(([name]) => /^\d+-trace\.trace$/.test(name)).toSorted(([, a], [, b]) => b.length - a.length);
    const prefix = traces[0]?.[0].replace('trace.trace', '') ?? '';
    const named = files.map(([name, file]) => [name.startsWith(prefix) ? name.slice(prefix.length) : name, file] as const);
    masked = maskTrace(Object.fromEntries(named), redaction());
  } catch {
    // What cannot be read cannot be masked: an empty archive stands in its place.
  }
  writeFileSync(path, zipSync(masked));
}
