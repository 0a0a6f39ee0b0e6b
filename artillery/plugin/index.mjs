export { LEGACY_METRICS_FORMAT, Plugin } from '../plugin.ts';
