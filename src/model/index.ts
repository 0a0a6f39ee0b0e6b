export * from './arrivals.ts';
export * from './attribution.ts';
export * from './observation.ts';
export * from './plan.ts';
export * from './schedule.ts';
export * from './slo.ts';
export * from './verdict.ts';
