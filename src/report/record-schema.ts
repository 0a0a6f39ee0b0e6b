import { z } from 'zod';
import { PhaseArrivals } from '../model/arrivals.ts';
import { StepAttribution } from '../model/attribution.ts';
import { BudgetUse } from '../model/budget.ts';
import { DrillReport } from '../model/drill.ts';
import { IntegrityReport } from '../model/ledger.ts';
import { Environment, Plan } from '../model/plan.ts';
import { Finding, GateResult, RECORD_VERSION, RunRecord, Totals, Validity, Verdict } from '../model/verdict.ts';

/** The parts that a reader of records meets, by the names under which the schema defines them. */
const PARTS: readonly [schema: z.ZodType, id: string, description: string][] = [
  [Plan, 'Plan', 'What was known before the first user: target, phases, journeys, gates, seed.'],
  [Environment, 'Environment', 'The machine and the versions that the run was made with.'],
  [Totals, 'Totals', 'Counts over the whole run, warm-up included.'],
  [Validity, 'Validity', 'Whether the run’s latency can be believed: was the generator itself in the way?'],
  [PhaseArrivals, 'PhaseArrivals', 'One phase: the users that should have come against those that came.'],
  [StepAttribution, 'StepAttribution', 'Where the time of a step’s slowest quarter went.'],
  [Finding, 'Finding', 'One statistic. `value` is in `unit`; null: not known, never zero. `interval` holds one-sided bounds.'],
  [BudgetUse, 'BudgetUse', 'What a third party’s call budget did to those who came.'],
  [DrillReport, 'DrillReport', 'What became of a drill.'],
  [IntegrityReport, 'IntegrityReport', 'What holding the books of payments against each other came to.'],
  [GateResult, 'GateResult', 'One objective of slo.yml, judged. Only `pass` is a pass.'],
  [Verdict, 'Verdict', 'The decision. `exitCode`: 0 GO, 1 NO-GO, 2 INCONCLUSIVE, 4 fault of the harness, 130 interrupted.'],
];

/**
 * Returns the JSON Schema (2020-12) of record.json. What has a default in the model may be missing, since records of
 * before it came are valid, too; fields that the schema does not know are allowed, since newer ones may have them.
 */
export function recordSchema(): Record<string, unknown> {
  const metadata = z.registry<{ id: string; description: string }>();
  for (const [schema, id, description] of PARTS) metadata.add(schema, { id, description });
  const { $schema, ...schema } = z.toJSONSchema(RunRecord, {
    target: 'draft-2020-12',
    io: 'input',
    metadata,
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      // Every whole number would carry the bounds of JavaScript's.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  return {
    $schema,
    $id: `urn:openshow-journeys:record:${RECORD_VERSION}`,
    title: `record.json, version ${RECORD_VERSION}`,
    description: 'What a load run came to. documentation/record.md says what will stay as it is.',
    ...schema,
  };
}

/** Returns documentation/record.schema.json. */
export function recordSchemaText(): string {
  return `${JSON.stringify(recordSchema(), null, 1)}\n`;
}
