import type { HttpAnswer } from '../../../wire/base/monitoring';
import { createNodeBaseEnv } from '../../../wire/base/node-env';
import { Histogram } from '../../../wire/metrics/histogram';
import { type MetricFamily, labelText } from '../../../wire/metrics/metric-family';
import { MetricsRegistry, numbers, series } from '../../../wire/metrics/metrics-registry';
import { metricsRoutes, openMetricsServer, parseMetricsListener } from '../../../wire/metrics/metrics-server';
import { processMetrics } from '../../../wire/metrics/process-metrics';
import { silentLogger } from '../../../src/observe/silent-logger';

const LAG: MetricFamily = { name: 'test_lag', type: 'gauge', help: 'How far behind', kafka: 'records-lag', labels: ['topic'] };
const SEEN: MetricFamily = { name: 'test_seen_total', type: 'counter', help: 'How many' };

const env = createNodeBaseEnv({ logger: silentLogger });
const registryOf = (maxSeries = 100): MetricsRegistry => new MetricsRegistry(env, maxSeries);
const textOf = async (registry: MetricsRegistry): Promise<string> => Buffer.concat(await registry.render()).toString();
const isHealthy = (): { reasons: string[]; facts: Record<string, number> } => ({ reasons: [], facts: { node: 1 } });

describe('a scrape', () => {
  test('has help, type and value of each family, and Kafka\'s name for it', async () => {
    const registry = registryOf();
    registry.register(numbers([[SEEN, () => 3]]), series(LAG, () => [[labelText({ topic: 'a "b"\\\n' }), 1.5]]));
    expect((await textOf(registry)).split('\n').slice(0, 6)).toEqual([
      '# HELP test_seen_total How many',
      '# TYPE test_seen_total counter',
      'test_seen_total 3',
      '# HELP test_lag How far behind (Kafka: records-lag)',
      '# TYPE test_lag gauge',
      'test_lag{topic="a \\"b\\"\\\\\\n"} 1.5',
    ]);
  });

  test('has no more series of a family than allowed, and says how many it left out', async () => {
    const registry = registryOf(2);
    registry.register(series(LAG, () => ['a', 'b', 'c', 'd'].map((topic) => [labelText({ topic }), 0])));
    const text = await textOf(registry);
    expect(text.match(/^test_lag\{/gm)).toHaveLength(2);
    expect(text).toContain('moldau_metrics_series_left_out{family="test_lag"} 2\n');
  });

  test('says nothing of what is not known now', async () => {
    const registry = registryOf();
    registry.register(numbers([[SEEN, () => null]]));
    expect(await textOf(registry)).not.toMatch(/^test_seen_total/m);
  });

  test('gives other work its turn while it walks over much, and is told once to all who ask meanwhile', async () => {
    const registry = registryOf(1e6);
    let turns = 0;
    let isDone = false;
    const count = (): void => {
      turns++;
      if (!isDone) env.timers.soon(count);
    };
    const labels = Array.from({ length: 50_000 }, (_, index) => labelText({ topic: `topic-${index}` }));
    registry.register(series(LAG, () => labels.map((label) => [label, 1] as const)));
    env.timers.soon(count);
    const [first, second] = await Promise.all([registry.render(), registry.render()]);
    isDone = true;
    expect(second).toBe(first);
    expect(turns).toBeGreaterThan(2);
    expect(Buffer.concat(first).toString().match(/^test_lag\{/gm)).toHaveLength(50_000);
  });

  test('fails with what a source throws, and the next one works', async () => {
    const registry = registryOf();
    let isBroken = true;
    registry.register(numbers([[SEEN, () => {
      if (isBroken) throw new Error('no number');
      return 1;
    }]]));
    await expect(registry.render()).rejects.toThrow('no number');
    isBroken = false;
    expect(await textOf(registry)).toContain('test_seen_total 1\n');
  });
});

describe('a registry', () => {
  test('takes each name once, and only names that Prometheus takes', () => {
    const registry = registryOf();
    registry.register(numbers([[SEEN, () => 1]]));
    expect(() => registry.register(numbers([[SEEN, () => 1]]))).toThrow('registered twice');
    expect(() => registry.register(numbers([[{ ...LAG, name: 'test-lag' }, () => 1]]))).toThrow('no name of a metric');
    expect(() => registry.register(numbers([[{ ...LAG, name: 'lag_total' }, () => 1]]))).toThrow('end in _total');
  });
});

describe('a histogram', () => {
  test('counts what is up to each bound, in seconds', async () => {
    const histogram = new Histogram();
    for (const ms of [0.05, 1, 1.01, 99_999]) histogram.record(ms);
    const family: MetricFamily = { name: 'test_seconds', type: 'histogram', help: 'Durations', labels: ['api'] };
    const registry = registryOf();
    registry.register({
      families: [family],
      *collect(out) {
        out.begin(family);
        out.addHistogram(labelText({ api: 'Fetch' }), histogram);
        yield;
      },
    });
    const text = await textOf(registry);
    expect(text).toContain('test_seconds_bucket{api="Fetch",le="0.0001"} 1\n');
    expect(text).toContain('test_seconds_bucket{api="Fetch",le="0.001"} 2\n');
    expect(text).toContain('test_seconds_bucket{api="Fetch",le="0.0025"} 3\n');
    expect(text).toContain('test_seconds_bucket{api="Fetch",le="30"} 3\n');
    expect(text).toContain('test_seconds_bucket{api="Fetch",le="+Inf"} 4\n');
    expect(text).toContain('test_seconds_count{api="Fetch"} 4\n');
    expect(text).toMatch(/^test_seconds_sum\{api="Fetch"\} 100\.001/m);
    expect(histogram.count).toBe(4);
  });
});

describe('the answers', () => {
  const get = (path: string, reasons: readonly string[] = []): Promise<HttpAnswer> => {
    const registry = registryOf();
    registry.register(numbers([[SEEN, () => 1]]));
    return metricsRoutes({ registry, healthz: isHealthy, readyz: () => ({ reasons, facts: {} }) })(path);
  };
  const bodyOf = ({ body }: HttpAnswer): string => Buffer.concat(body).toString();

  test('are JSON with reasons for who asks after health', async () => {
    const healthy = await get('/healthz');
    expect([healthy.status, JSON.parse(bodyOf(healthy))]).toEqual([200, { ok: true, reasons: [], node: 1 }]);
    const unready = await get('/readyz', ['The disk is full.']);
    expect([unready.status, JSON.parse(bodyOf(unready))]).toEqual([503, { ok: false, reasons: ['The disk is full.'] }]);
  });

  test('name what there is to whoever asks for something else', async () => {
    const answer = await get('/');
    expect([answer.status, bodyOf(answer)]).toEqual([404, 'There is /metrics, /healthz, /readyz here.\n']);
  });
});

describe('the listener', () => {
  const parts = { monitoring: env.monitoring, healthz: isHealthy, readyz: isHealthy };

  test('takes host and port, with every interface as an empty host', () => {
    expect(parseMetricsListener('localhost:9404')).toEqual({ host: 'localhost', port: 9404 });
    expect(parseMetricsListener('[::1]:9404')).toEqual({ host: '::1', port: 9404 });
    expect(parseMetricsListener(':9404')).toEqual({ host: '', port: 9404 });
    for (const wrong of ['9404', 'localhost', 'localhost:99999', '::1:9404', '']) expect(parseMetricsListener(wrong)).toBeNull();
  });

  test('serves the process\'s own metrics over HTTP, and refuses what is no GET', async () => {
    const registry = registryOf();
    registry.register(processMetrics(env.monitoring));
    const listener = await openMetricsServer({ ...parts, logger: silentLogger, address: '127.0.0.1:0', registry });
    try {
      const url = `http://127.0.0.1:${listener?.port}`;
      const answer = await fetch(`${url}/metrics?collect=all`);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
      const text = await answer.text();
      expect(Number(/^process_cpu_seconds_total (\S+)$/m.exec(text)?.[1])).toBeGreaterThan(0);
      expect(Number(/^nodejs_heap_size_used_bytes (\S+)$/m.exec(text)?.[1])).toBeGreaterThan(1e6);
      expect(text).toMatch(/^nodejs_version_info\{version="v\d+\.\d+\.\d+",major="\d+",minor="\d+",patch="\d+"\} 1$/m);
      expect(text).toMatch(/^nodejs_heap_space_size_used_bytes\{space="old"\} \d+$/m);
      expect(text).toMatch(/^# TYPE nodejs_gc_duration_seconds histogram$/m);
      expect(text).not.toMatch(/nodejs_active_/);
      expect((await fetch(`${url}/metrics`, { method: 'POST', body: 'x' })).status).toBe(405);
      expect((await fetch(`${url}/readyz`, { method: 'HEAD' })).status).toBe(200);
    } finally {
      await listener?.close();
    }
  });

  test('says what to do when its port is taken, and its process goes on', async () => {
    const lines: string[] = [];
    const logger = { ...silentLogger, warn: (line: string) => void lines.push(line) };
    const first = await openMetricsServer({ ...parts, logger, address: '127.0.0.1:0', registry: registryOf() });
    const address = `127.0.0.1:${first?.port}`;
    try {
      expect(await openMetricsServer({ ...parts, logger, address, registry: registryOf() })).toBeNull();
    } finally {
      await first?.close();
    }
    expect(lines).toEqual([expect.stringContaining(`No metrics on ${address}: another process has that port.`)]);
    expect(lines[0]).toContain('metrics.listener=host:port');
    // It is free again at once.
    const again = await openMetricsServer({ ...parts, logger, address, registry: registryOf() });
    expect(again?.port).toBe(first?.port);
    await again?.close();
  });
});
