/** A real Prometheus server for tests, where one is on the PATH. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { eventually } from './testing.ts';

/** For a test's `skip`: false where this command is on the PATH, else why the test is left out. */
export function without(command: 'prometheus' | 'promtool'): string | false {
  const found = spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
  return found ? false : `skipped: ${command} is not on the PATH`;
}

/**
 * Starts a Prometheus server that scrapes an exporter, and evaluates the rules of these files (name to text), every second.
 * Returns its address once it answers; it ends with the test.
 */
export async function startPrometheus(t: TestContext, exporterUrl: string, rules: Record<string, string> = {}): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
  for (const [name, text] of Object.entries(rules)) writeFileSync(join(folder, name), text);
  writeFileSync(
    join(folder, 'prometheus.yml'),
    [
      'global: { scrape_interval: 1s, scrape_timeout: 900ms, evaluation_interval: 1s }',
      `rule_files: ${JSON.stringify(Object.keys(rules))}`,
      'scrape_configs:',
      '  - job_name: target',
      `    static_configs: [{ targets: ['${new URL(exporterUrl).host}'] }]`,
      '',
    ].join('\n'),
  );
  const port = await freePort();
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { stdio: 'ignore' },
  );
  t.after(async () => {
    if (child.exitCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${port}`;
  await eventually('Prometheus is ready', () =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => (ok ? true : null),
      () => null,
    ),
  );
  return url;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
