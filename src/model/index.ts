export * from './observation.ts';
export * from './plan.ts';
export * from './slo.ts';
export * from './verdict.ts';
