/**
 * The catalogue of coded errors. Each says what happened; `fix` says what to do; `exitCode` is what the process ends with.
 * documentation/errors.md lists the same codes, and a test keeps the two together.
 */
export const ERRORS = {
  J_TARGET_INVALID: { exitCode: 3, what: 'The target is not a usable address.', fix: 'Give an http(s) address with -t, TARGET_URL in .env or config.target in the script, or "embedded" for the bundled platform.' },
  J_TARGET_NOT_ALLOWED: { exitCode: 3, what: 'Load tests may not go to this host; nothing was sent there.', fix: 'If they may, add the host to ALLOWED_HOSTS in .env; GUARD_OVERRIDES=target with a GUARD_REASON lets a single run go there, recorded in its reports. documentation/guards.md' },
  J_PRODUCTION_TARGET: { exitCode: 3, what: 'This is production, where no load test goes.', fix: 'Take a staging environment. Whoever has to go there all the same sets GUARD_OVERRIDES=production and a GUARD_REASON that names the host; it is recorded in every report. documentation/guards.md' },
  J_OFF_PEAK: { exitCode: 3, what: 'The run does not lie inside the hours for load tests; nothing was sent.', fix: 'Wait, shorten it, or correct LOAD_WINDOW or "offPeak" once that is agreed; GUARD_OVERRIDES=off-peak with a GUARD_REASON runs it now, recorded in its reports. documentation/guards.md' },
  J_ENVIRONMENT_DIFFERS: { exitCode: 3, what: 'The target is not the environment that the plan expects; no load was sent.', fix: 'Bring the target to what "environment" of the journeys plugin says, or correct that; GUARD_OVERRIDES=parity with a GUARD_REASON runs it all the same, recorded in its reports. documentation/guards.md' },
  J_TARGET_DOWN: { exitCode: 3, what: 'The target does not answer.', fix: 'Start it, or correct the address; no load was sent.' },
  J_TARGET_UNHEALTHY: { exitCode: 3, what: 'The target answers, but says that it is not ready.', fix: 'Look at its health page; set HEALTH_PATH in .env if it has another one.' },
  J_PLATFORM_START: { exitCode: 4, what: 'The bundled platform did not start.', fix: 'Run "npm run platform" to see it alone; its log is in the run folder.' },
  J_PORT_TAKEN: { exitCode: 3, what: 'The port for the bundled platform is taken.', fix: 'Free it, or leave PLATFORM_PORT out of .env to use any free one.' },
  J_SLO_INVALID: { exitCode: 3, what: 'slo.yml has faults.', fix: 'Correct each line named below; documentation/slo.md lists metrics and units.' },
  J_SCRIPT_INVALID: { exitCode: 3, what: 'The test script has faults.', fix: 'Correct each line named below.' },
  J_SCENARIOS_INVALID: { exitCode: 3, what: 'The scenarios file has faults.', fix: 'Correct each place named below; documentation/scenarios.md lists keys and values.' },
  J_TRAFFIC_INVALID: { exitCode: 3, what: 'The recorded traffic cannot be played.', fix: 'See what is named below; documentation/replay.md says how a fixture is made of a log, and what of it is played. Nothing was sent.' },
  J_TRAFFIC_UNWRITABLE: { exitCode: 4, what: 'The traffic fixture cannot be written.', fix: 'Free space, or name another file with --out; nothing was left half written.' },
  J_LOG_UNREADABLE: { exitCode: 3, what: 'A log cannot be opened.', fix: 'Correct the names below; nothing was read, and nothing was written.' },
  J_LOG_EMPTY: { exitCode: 3, what: 'Nothing in these files could be read as a request.', fix: 'See what was found; documentation/replay.md lists the formats, --format names one. Nothing was written.' },
  J_DRILL_INVALID: { exitCode: 3, what: 'The drills have faults.', fix: 'Correct each line named below; documentation/drills.md explains the files. Nothing was sent, and nothing was broken.' },
  J_DRILL_UNREACHABLE: { exitCode: 3, what: 'A drill cannot do its work here.', fix: 'See what was asked and what came back; nothing was broken. documentation/drills.md says what each drill needs.' },
  J_DRILL_LEFTOVER: { exitCode: 3, what: 'A fault of an earlier drill is still in.', fix: 'Make its address reachable and run "npm run drills -- --rollback reports/<runId>", or undo it by hand and remove rollback.json.' },
  J_DRILL_ROLLBACK: { exitCode: 4, what: 'A fault could not be taken out again.', fix: 'Undo it by hand, or run "npm run drills -- --rollback reports/<runId>"; until then the dependency stays broken.' },
  J_TEARDOWN: { exitCode: 4, what: 'Not everything that the run made on its target is known to be gone.', fix: 'Run "npm run teardown -- <runId>" once the target answers; documentation/teardown.md says what it must answer.' },
  J_TEARDOWN_UNREACHABLE: { exitCode: 3, what: 'What the run will make could not be removed afterwards.', fix: 'Correct "teardown" under the journeys plugin or TEARDOWN_TOKEN, or set "keep: true" there to leave everything on the target. No load was sent.' },
  J_TEARDOWN_STRANGE: { exitCode: 3, what: 'A file of another machine says where to go, or what to run.', fix: 'Look at the teardown.json of that folder, then give --trust; nothing was sent, and nothing was run.' },
  J_ENV_INVALID: { exitCode: 3, what: 'The settings in .env or the environment have faults.', fix: '.env.example documents each setting.' },
  J_PLAN_PRIVATE: { exitCode: 3, what: 'A name in the plan would be masked wherever it is written.', fix: 'Give what is named below another name, or change the secret that it equals: masked, nothing could be judged by it. Nothing was sent.' },
  J_JOURNEY_UNKNOWN: { exitCode: 3, what: 'The script names a journey that does not exist.', fix: 'Journeys are the files journeys/*.journey.ts; use the name inside the file.' },
  J_JOURNEY_FILE: { exitCode: 3, what: 'A journey file cannot be loaded.', fix: 'Correct the file; "npx tsc --noEmit" shows type errors.' },
  J_NO_BROWSER: { exitCode: 3, what: 'No browser was found.', fix: 'Run "npm ci" on Linux x64, or "npx playwright install chromium-headless-shell", or set BROWSER_PATH; "npm run doctor" tells more.' },
  J_BROWSER_LAUNCH: { exitCode: 4, what: 'The browser does not start.', fix: 'Run "npm run doctor"; it names missing system libraries.' },
  J_PLUGIN_MISSING: { exitCode: 3, what: 'The journeys plugin is not loaded, so the run would end without a verdict.', fix: 'Keep "plugins: { journeys: {} }" in the script and run "npm ci".' },
  J_PREFLIGHT_MISSING: { exitCode: 3, what: 'The script does not begin with the preflight check.', fix: 'Keep "before: { flow: [{ function: preflight }] }" in the script, with nothing before it.' },
  J_RUN_ID: { exitCode: 3, what: 'The run id has characters that a folder name cannot have.', fix: 'Use letters, digits, dots, dashes and underscores, 100 at most.' },
  J_RUN_EXISTS: { exitCode: 3, what: 'A run with this id exists already.', fix: 'Leave RUN_ID unset, or choose another.' },
  J_RUN_LOCKED: { exitCode: 3, what: 'Another run is under way on this machine.', fix: 'Wait for it, or end it: two runs would measure each other. ALLOW_PARALLEL_RUNS=1 overrides, and is recorded.' },
  J_OVER_CAPACITY: { exitCode: 3, what: 'The plan asks for far more than this machine makes undisturbed.', fix: 'Lower the rate or maxUsers, or spread the load over more machines; FORCE=1 runs it all the same, marked. "npm run doctor -- --calibrate" measures the machine again.' },
  J_BUDGET: { exitCode: 3, what: 'The plan asks a third party for more calls than it allows.', fix: 'Lower the rate, or correct third_parties in slo.yml once that is agreed with them; FORCE=1, or GUARD_OVERRIDES=budget with a GUARD_REASON, runs it shaped to the budget, marked. documentation/budgets.md says how calls are reckoned.' },
  J_COST_CEILING: { exitCode: 3, what: 'The run would cost more than slo.yml allows.', fix: 'Shorten or shrink it, or raise cost.ceiling in slo.yml once that is approved; GUARD_OVERRIDES=cost-ceiling with a GUARD_REASON runs it all the same, recorded in its reports. documentation/kpis.md says how a cost is reckoned.' },
  J_BUSY: { exitCode: 3, what: 'The machine is too busy to be calibrated.', fix: 'End what else runs here, and try again.' },
  J_API_ARRANGE: { exitCode: 3, what: 'The accounts that the API lane sends with could not be made.', fix: 'See what the target answered; "sessions" in the scenarios file says how accounts are made. No load was sent.' },
  J_AUDIT: { exitCode: 3, what: 'A book of payments cannot be read, so that nothing could be said about them afterwards.', fix: 'Correct "audit" under the journeys plugin, AUDIT_PROVIDER_KEY or AUDIT_PLATFORM_TOKEN; documentation/integrity.md says what each book must answer. No load was sent.' },
  J_RESUME: { exitCode: 3, what: 'This run cannot go on.', fix: 'RESUME takes the folder of a run that was killed or interrupted in a phase, with script, profile, slo.yml and scenarios as they were.' },
  J_REPORTS_UNWRITABLE: { exitCode: 4, what: 'The reports folder cannot be written.', fix: 'Free space, or make the folder writable, or set REPORTS_DIR.' },
  J_OBSERVATIONS_LOST: { exitCode: 4, what: 'Observations could not be written.', fix: 'Free disk space; the run was ended so that nothing is judged on part of its data.' },
  J_RUN_NOT_FOUND: { exitCode: 3, what: 'There is no such run folder.', fix: 'Give a folder that holds plan.json, such as reports/<runId>.' },
  J_RUN_UNREADABLE: { exitCode: 4, what: 'The run folder cannot be judged.', fix: 'plan.json must be complete and of this version; see the line named below.' },
  J_REPORT: { exitCode: 4, what: 'The Allure report could not be built.', fix: 'See the words of Allure below; "npm run judge -- reports/<runId>" writes the results it is built from again.' },
  J_PRIVACY: { exitCode: 1, what: 'The run holds what nobody else may read, so its report is not built.', fix: 'See "npm run privacy -- reports/<runId>"; documentation/data-protection.md says what to do. --publish-anyway builds it all the same.' },
  J_NOTHING_TO_COMPARE: { exitCode: 2, what: 'There is no run to compare with.', fix: 'Name two runs, or keep one as a baseline: npm run compare -- --save-baseline <name> reports/<runId>.' },
  J_BASELINE: { exitCode: 3, what: 'The baseline cannot be used.', fix: 'Save it again: npm run compare -- --save-baseline <name> reports/<runId>.' },
  J_HISTORY: { exitCode: 4, what: 'The history cannot be made anew.', fix: 'Wait until no other command uses it, or make the reports folder writable; runs and checks are in their own files, and nothing is lost.' },
  J_CAMPAIGN_INVALID: { exitCode: 3, what: 'The campaign has faults.', fix: 'Correct each line named below; documentation/campaign.md explains the file.' },
  J_CAMPAIGN_NOT_FOUND: { exitCode: 3, what: 'There is no such campaign.', fix: 'Name a file of campaigns/; --resume, --status and --tick need one that was begun.' },
  J_GAME_DAY_INVALID: { exitCode: 3, what: 'The game day has faults.', fix: 'Correct each line named below; documentation/game-day.md explains ops/game-day.yml and the answers. Nothing was broken.' },
  J_DOCUMENT_STALE: { exitCode: 1, what: 'A generated document no longer says what its source does.', fix: 'Run the command named below, and keep the result with the change of its source.' },
  J_RECORD_BREAKING: { exitCode: 1, what: 'A change of the record would break those who read it.', fix: 'Keep what is there and add beside it; or raise RECORD_VERSION, and say in documentation/record.md what changed.' },
  J_THRESHOLDS_INVALID: { exitCode: 3, what: 'ops/thresholds.yml has faults.', fix: 'Correct each place named below, or remove the file and learn anew: "npm run ops -- --learn reports/<runId>".' },
  J_NOTHING_LEARNED: { exitCode: 3, what: 'This run teaches no threshold.', fix: 'Take a run that was a GO, with at least ten readings of a figure of the target, or a stress run that found a capacity.' },
  J_USAGE: { exitCode: 3, what: 'The command was called with wrong options.', fix: 'See the usage line.' },
  J_ENGINE_SEAM: { exitCode: 4, what: "Artillery's engine no longer takes the shared browser that the harness gives it.", fix: 'Use the versions of package-lock.json.' },
  J_CHECKS_LOCKED: { exitCode: 3, what: 'Another round of checks is under way.', fix: 'Wait for it; two at once would be in each other\'s way. Other rounds may have another REPORTS_DIR.' },
  J_CHECKER_FAULT: { exitCode: 4, what: 'The checker itself failed, so nothing is known of the target.', fix: 'See the message: the browser ended, or this machine has no network; "npm run doctor" tells more.' },
  J_HARNESS_FAULT: { exitCode: 4, what: 'The harness itself failed.', fix: 'Report it with the run folder; it is not a statement about the target.' },
  J_STEP_TIMEOUT: { exitCode: 1, what: 'What the step waits for was not visible before its deadline.', fix: 'See the screenshot beside the step.' },
  J_STEP_FAILED: { exitCode: 1, what: 'An action of the step failed.', fix: 'See the message and the screenshot.' },
  J_ARRANGE_FAILED: { exitCode: 1, what: 'What the journey needs could not be arranged, so its user never started.', fix: 'See the message: usually the target refused an API call.' },
  J_JOURNEY_TIMEOUT: { exitCode: 1, what: 'The virtual user did not finish before its deadline.', fix: 'See which step was under way.' },
  J_BROWSER_CRASHED: { exitCode: 1, what: "The browser or the user's page crashed.", fix: 'The browser was replaced; look at memory if this repeats.' },
  J_BUDGET_SPENT: { exitCode: 1, what: 'No call to a third party came free in time, so the user was turned away.', fix: 'Counted apart, and no error of the target; spread the users of such journeys more evenly, or let them wait longer (max_wait_seconds in slo.yml).' },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** A fault with its place: file, line, setting or address. */
export interface Fault {
  where: string;
  message: string;
  hint?: string;
}

/** A coded error that a person can act on; shown without a stack trace. */
export class CodedError extends Error {
  readonly code: ErrorCode;
  readonly faults: readonly Fault[];
  /** What else was found at the same time: told with it. */
  readonly also: readonly CodedError[];

  constructor(code: ErrorCode, faults: readonly Fault[] = [], options?: ErrorOptions & { also?: readonly CodedError[] }) {
    super(`${code}: ${ERRORS[code].what}`, options);
    this.name = 'CodedError';
    this.code = code;
    this.faults = faults;
    this.also = options?.also ?? [];
  }

  get exitCode(): number {
    return ERRORS[this.code].exitCode;
  }
}

/** Returns any thrown value as a coded error; what is not one yet becomes J_HARNESS_FAULT with its message. */
export function asCodedError(thrown: unknown): CodedError {
  if (thrown instanceof CodedError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new CodedError('J_HARNESS_FAULT', [{ where: 'harness', message: message.split('\n')[0] ?? message }], { cause: thrown });
}

/** A key of a file or an answer of a server may hold anything: nothing in it moves the cursor, paints or turns the reading direction. */
function unarmed(text: string): string {
  return text.replace(/(?![\n\t])[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}

/** Returns the text a person sees for an error: code, what, each fault with its place, what to do. No stack. */
export function formatError(error: CodedError): string {
  const lines = [`${error.code}  ${ERRORS[error.code].what}`];
  for (const fault of error.faults) {
    lines.push(unarmed(`  ${fault.where}: ${fault.message}${fault.hint ? ` (${fault.hint})` : ''}`));
  }
  lines.push(`  → ${ERRORS[error.code].fix}`);
  return [lines.join('\n'), ...error.also.map(formatError)].join('\n');
}
