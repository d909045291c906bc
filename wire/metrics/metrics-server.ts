/**
 * The HTTP side of being watched: `/metrics` for Prometheus, `/healthz` and `/readyz` for load balancers and for whoever
 * restarts processes. A port that cannot be had is told, and keeps nobody from serving.
 */
import type { Logger } from '../base/env';
import type { HttpAnswer, HttpHandler, HttpListener, Monitoring } from '../base/monitoring';
import type { MetricsRegistry } from './metrics-registry';
import { METRICS_CONTENT_TYPE } from './metrics-text';

/** What `/healthz` or `/readyz` answers: 200 without reasons, 503 with. */
export interface Health {
  /** Sentences that say what is wrong, and perhaps what to do. */
  readonly reasons: readonly string[];
  /** What else a person may want to see. */
  readonly facts: Readonly<Record<string, string | number | boolean | null>>;
}

export interface MetricsServerParts {
  readonly monitoring: Monitoring;
  readonly logger: Logger;
  /** `host:port`, checked by `parseMetricsListener`; '' is none. */
  readonly address: string;
  readonly registry: MetricsRegistry;
  /** The process does its work; else it is to be restarted. */
  readonly healthz: () => Health;
  /** It can take traffic. */
  readonly readyz: () => Health;
}

const ADDRESS = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/;

/** `host:port`, `[v6]:port` or `:port` (every interface) taken apart; null when it is none of them. */
export function parseMetricsListener(address: string): { readonly host: string; readonly port: number } | null {
  const match = ADDRESS.exec(address);
  const port = Number(match?.[3]);
  return match === null || port > 65535 ? null : { host: match[1] ?? match[2] ?? '', port };
}

/** Null when none is wanted, or when the port cannot be had, which the logger then says. */
export async function openMetricsServer(parts: MetricsServerParts): Promise<HttpListener | null> {
  const { address, monitoring, logger } = parts;
  const parsed = parseMetricsListener(address);
  if (parsed === null) return null;
  try {
    return await monitoring.listen(parsed.host, parsed.port, metricsRoutes(parts));
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
    const why = code === 'EADDRINUSE' ? 'another process has that port' : String(message ?? error);
    logger.warn(
      `No metrics on ${address}: ${why}. Everything else is served all the same. ` +
        'Give this process a port of its own with metrics.listener=host:port, or metrics.listener= if it needs none.',
    );
    return null;
  }
}

/** The answers, without a socket. */
export function metricsRoutes({ registry, healthz, readyz }: Pick<MetricsServerParts, 'registry' | 'healthz' | 'readyz'>): HttpHandler {
  const routes = new Map<string, () => Promise<HttpAnswer>>([
    ['/metrics', async () => ({ status: 200, contentType: METRICS_CONTENT_TYPE, body: await registry.render() })],
    ['/healthz', async () => healthAnswer(healthz())],
    ['/readyz', async () => healthAnswer(readyz())],
  ]);
  const help = `There is ${[...routes.keys()].join(', ')} here.\n`;
  return async (path) => (await routes.get(path)?.()) ?? text(404, help);
}

function text(status: number, body: string): HttpAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body: [Buffer.from(body)] };
}

function healthAnswer({ reasons, facts }: Health): HttpAnswer {
  const isOk = reasons.length === 0;
  const body = `${JSON.stringify({ ok: isOk, reasons, ...facts }, null, 2)}\n`;
  return { status: isOk ? 200 : 503, contentType: 'application/json', body: [Buffer.from(body)] };
}
