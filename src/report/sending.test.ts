import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { RunRecord } from '../model/index.ts';
import { sendOtlp } from './otlp.ts';
import { push } from './prometheus.ts';

const GOLDEN = readFileSync(join(import.meta.dirname, '../golden/run/record.json'), 'utf8');
const golden = (): RunRecord => RunRecord.parse(JSON.parse(GOLDEN));

interface Taken {
  request: IncomingMessage;
  body: string;
}

/** A receiver that answers with this status and keeps what came; returns its address without a slash at its end. */
async function receiver(t: TestContext, status: number, answer = ''): Promise<{ host: string; taken: Taken[] }> {
  const taken: Taken[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      taken.push({ request, body: Buffer.concat(pieces).toString() });
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end(answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, taken };
}

test('a Pushgateway is given the run in place of the one before of its profile and target', async (t) => {
  const { host, taken } = await receiver(t, 202);
  const record = golden();
  record.plan.profile = 'a/b';
  await push(record, `http://who:p%40ss@${host}/base/`);
  const [{ request, body } = assert.fail('nothing came')] = taken;
  const [job, profile, target] = ['openshow-journeys', 'a/b', 'embedded'].map((text) => Buffer.from(text).toString('base64url'));
  assert.equal(request.method, 'PUT');
  assert.equal(request.url, `/base/metrics/job@base64/${job}/profile@base64/${profile}/target@base64/${target}`);
  assert.equal(request.headers.authorization, `Basic ${Buffer.from('who:p@ss').toString('base64')}`);
  assert.match(body, /^# HELP journeys_run_info /);
});

test('a gateway that refuses, sends elsewhere or is not there is named, its credentials are not', async (t) => {
  const record = golden();
  const refusing = await receiver(t, 400, 'pushed metrics are invalid\u001b[2J');
  const told = async (address: string, wanted: RegExp): Promise<void> => {
    await assert.rejects(push(record, address), (error: Error) => {
      assert.match(error.message, wanted);
      assert.doesNotMatch(error.message, /secret|\u001b/);
      return true;
    });
  };
  await told(`http://who:secret@${refusing.host}`, /^Pushgateway http:\/\/127\.0\.0\.1:\d+: status 400: pushed metrics are invalid$/);
  const elsewhere = await receiver(t, 302);
  await told(`http://who:secret@${elsewhere.host}`, /^Pushgateway .*redirect/);
  assert.equal(elsewhere.taken.length, 1);
  await told('http://who:secret@127.0.0.1:9', /^Pushgateway http:\/\/127\.0\.0\.1:9: /);
});

test('OpenTelemetry is sent the run once, by its own names, to where its own variables say', async (t) => {
  const { host, taken } = await receiver(t, 200, '{}');
  setFor(t, { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${host}`, OTEL_EXPORTER_OTLP_HEADERS: 'x-key=k1', OTEL_RESOURCE_ATTRIBUTES: 'team=qa' });
  await sendOtlp(golden());
  assert.equal(taken.length, 1);
  const [{ request, body } = assert.fail('nothing came')] = taken;
  assert.deepEqual([request.url, request.headers['x-key']], ['/v1/metrics', 'k1']);
  const { resourceMetrics: [{ resource, scopeMetrics } = assert.fail('no resource')] } = JSON.parse(body) as {
    resourceMetrics: {
      resource: { attributes: Attribute[] };
      scopeMetrics: { metrics: { name: string; unit: string; gauge: { dataPoints: { attributes: Attribute[]; asDouble: number }[] } }[] }[];
    }[];
  };
  const about = valuesOf(resource.attributes);
  assert.deepEqual(
    ['service.name', 'service.instance.id', 'test.suite.run.status', 'team'].map((key) => about[key]),
    ['openshow-journeys', 'golden-smoke', 'failure', 'qa'],
  );
  const metrics = scopeMetrics.flatMap((scope) => scope.metrics);
  const perceived = metrics.find(({ name }) => name === 'journeys.perceived_latency');
  assert.equal(perceived?.unit, 's');
  const pay = perceived?.gauge.dataPoints.find(({ attributes }) => {
    const { step, stat } = valuesOf(attributes);
    return step === 'open checkout' && stat === 'p75';
  });
  assert.equal(pay?.asDouble, 0.1599);
});

test('an OpenTelemetry receiver that refuses is told of, and one that speaks gRPC is not tried', async (t) => {
  const { host } = await receiver(t, 401);
  setFor(t, { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${host}`, OTEL_EXPORTER_OTLP_HEADERS: undefined });
  await assert.rejects(sendOtlp(golden()), /401|Unauthorized/);
  setFor(t, { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' });
  await assert.rejects(sendOtlp(golden()), /^Error: OTEL_EXPORTER_OTLP_PROTOCOL: grpc/);
});

interface Attribute {
  key: string;
  value: { stringValue?: string };
}

function valuesOf(attributes: readonly Attribute[]): Record<string, string | undefined> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));
}

/** Sets variables of this process until the test ends. */
function setFor(t: TestContext, variables: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
    t.after(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }
}
