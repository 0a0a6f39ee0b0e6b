/** Rules as Prometheus reads them from a file. */
export interface RuleGroup {
  name: string;
  interval?: string;
  rules: object[];
}

export interface Alert {
  alert: string;
  expr: string;
  for?: string;
  labels: Record<string, string>;
  annotations: { summary: string; description: string; runbook: string };
}
