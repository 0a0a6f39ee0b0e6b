import { RollbackJournal } from '../../drive/drills/journal.ts';
import { rollBack } from '../../drive/drills/rollback.ts';
import { secretsOf } from '../../drive/drills/secrets.ts';
import { CodedError } from '../../errors.ts';
import { harmless } from '../../report/text.ts';

/** Takes out what the drills of a run left in. Throws J_RUN_NOT_FOUND, J_RUN_LOCKED, J_RUN_UNREADABLE or J_DRILL_ROLLBACK. */
export async function rollBackRun(runDir: string, environment: NodeJS.ProcessEnv, out: (text: string) => void): Promise<void> {
  const journal = RollbackJournal.read(runDir);
  if (!journal) throw new CodedError('J_RUN_NOT_FOUND', [{ where: runDir, message: 'holds no rollback.json: no drill was held in it' }]);
  if (journal.open.length === 0) {
    out('nothing is left to undo\n');
    return;
  }
  if (journal.isHeld) throw new CodedError('J_RUN_LOCKED', [{ where: journal.path, message: 'the run is still under way, and undoes its drills itself' }]);
  const results = await rollBack(journal, secretsOf(process.cwd(), environment));
  const failed = results.flatMap(({ what, why }) => (why === null ? [] : [{ where: harmless(what), message: why }]));
  for (const { what, why } of results) if (why === null) out(`undone: ${harmless(what)}\n`);
  if (failed.length > 0) throw new CodedError('J_DRILL_ROLLBACK', failed);
}
