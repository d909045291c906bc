/**
 * Part of the binding (`node-env.ts`): the port `Monitoring`. What it needs of Node is loaded when it is used, so that a
 * process that nobody watches pays nothing.
 */
import type { Monitoring } from './monitoring';

export function nodeMonitoring(): Monitoring {
  return {
    async listen(host, port, handle) {
      const { listenHttp } = require('./node-http') as typeof import('./node-http');
      return listenHttp(host, port, handle);
    },
    figures() {
      const { processFigures } = require('./node-process-figures') as typeof import('./node-process-figures');
      return processFigures();
    },
    async runtimeMetrics() {
      const runtime = require('./node-prom-client') as typeof import('./node-prom-client');
      return runtime.runtimeMetrics();
    },
  };
}
