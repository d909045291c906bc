/** The real `moldau server` in a process of its own, on free loopback ports, in a temporary directory. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child, type Exit } from './child';
import { freePorts } from './free-ports';
import { type BrokerProcess, singleBrokerProperties } from './kafka-peer';

export interface MoldauOptions {
  readonly properties?: Readonly<Record<string, string>>;
  /** The Node that runs it; ours by default. */
  readonly nodePath?: string;
  /** An earlier process's directory and port, to start again on its data. */
  readonly restartOf?: MoldauProcess;
  /** Where the log directory lies, instead of in a temporary directory. */
  readonly logDir?: string;
  /** Told of the process before it is ready. */
  readonly spawned?: (child: Child) => void;
}

export interface MoldauProcess extends BrokerProcess {
  readonly pid: number;
  readonly port: number;
  readonly dir: string;
  readonly child: Child;
  /** kill -9 by pid; resolves once the process is gone. Its files stay. */
  kill(): Promise<Exit>;
}

const START_TIMEOUT_MS = 30_000;

/** dist/moldau.cjs, which `npm run build` makes and `npm test` makes sure of; MOLDAU_DIST names another build's folder. */
export const moldauCommand = join(process.env['MOLDAU_DIST'] ?? join(__dirname, '..', '..', 'dist'), 'moldau.cjs');

export async function startMoldau(options: MoldauOptions = {}): Promise<MoldauProcess> {
  if (!existsSync(moldauCommand)) throw new Error('dist/moldau.cjs is missing: npm run build');
  const dir = options.restartOf?.dir ?? mkdtempSync(join(tmpdir(), 'moldau-'));
  const port = options.restartOf?.port ?? ((await freePorts(1)) as [number])[0];
  const logDir = options.logDir ?? options.restartOf?.logDir ?? join(dir, 'logs');
  const properties: Record<string, string> = {
    'node.id': '1',
    listeners: `PLAINTEXT://127.0.0.1:${port}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'log.dirs': logDir,
    ...singleBrokerProperties,
    ...options.properties,
  };
  const overrides = Object.entries(properties).flatMap(([key, value]) => ['--override', `${key}=${value}`]);
  const child = new Child('moldau', options.nodePath ?? process.execPath, [moldauCommand, 'server', ...overrides], {
    cwd: dir,
  });
  options.spawned?.(child);
  await child.until('start', () => /\bready\b/i.test(child.stdout), START_TIMEOUT_MS);
  return {
    name: 'Moldau',
    bootstrap: `127.0.0.1:${port}`,
    logDir,
    pid: child.pid,
    port,
    dir,
    child,
    stop: async () => {
      await child.stop();
    },
    kill: () => {
      child.kill('SIGKILL');
      return child.exited;
    },
    dispose: async () => {
      await child.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
