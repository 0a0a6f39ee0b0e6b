/** The guard: undoes what the drills of a run did when the harness is gone. See guard.ts. */
import { text } from 'node:stream/consumers';
import type { GuardOrder } from './guard.ts';
import { RollbackJournal } from './journal.ts';
import { rollBack } from './rollback.ts';
import { OPERATIONS_TOKEN, secretsOf } from './secrets.ts';

/** What the harness had sent a moment before it died is done by then, and is not done after its own undo. */
const SETTLE_MS = 500;

// A Ctrl-C is for the harness, which rolls back in its own order.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

const { runDir, token } = JSON.parse(await text(process.stdin)) as GuardOrder;
const journal = RollbackJournal.read(runDir);
if (journal && journal.open.length > 0) {
  await new Promise((resolve) => {
    setTimeout(resolve, SETTLE_MS);
  });
  const settings = secretsOf(process.cwd(), process.env);
  const results = await rollBack(journal, (name) => (name === OPERATIONS_TOKEN && token !== null ? token : settings(name)));
  const failed = results.filter(({ why }) => why !== null);
  for (const { what, why } of failed) process.stderr.write(`NOT UNDONE: ${what}: ${why ?? ''}\n`);
  if (failed.length > 0) process.stderr.write(`the dependency stays broken until: npm run drills -- --rollback ${runDir}\n`);
  process.exitCode = failed.length > 0 ? 4 : 0;
}
