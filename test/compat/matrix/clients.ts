/** The clients of the matrix as child processes. */
import { join } from 'node:path';
import { Child } from '../../support/child';
import { compileJava, jvmFlags } from '../../support/java';
import type { ClientLine } from './client-lines';

export const clientNames = ['kafkajs', 'kcat', 'java'] as const;
export type ClientName = (typeof clientNames)[number];

export interface ClientOptions {
  readonly role: 'produce' | 'consume' | 'member';
  readonly bootstrap: string;
  readonly topic: string;
  readonly codec?: string;
  readonly file?: string;
  readonly group?: string;
  /** How many records a kafkajs reader waits for: it cannot tell where a topic ends. */
  readonly expected?: number;
  readonly groupProtocol?: 'classic' | 'consumer';
}

export class Client {
  /** The process that reads or writes: for kcat not the script's own. */
  pid = -1;
  private readonly child: Child;

  constructor(
    readonly name: string,
    client: ClientName,
    options: ClientOptions,
    onLine: (line: ClientLine) => void,
  ) {
    const [command, ...args] = commandOf(client);
    this.child = new Child(`${name} (${client} ${options.role})`, command, [...args, JSON.stringify(options)], {
      onLine: (text) => {
        const line = JSON.parse(text) as ClientLine;
        if ('pid' in line) this.pid = line.pid;
        else onLine(line);
      },
    });
  }

  /** Resolves when it has ended well; rejects with what it said otherwise. */
  async finished(): Promise<void> {
    const { code } = await this.child.exited;
    if (code !== 0) throw this.child.failure('failed');
  }

  /** kill -9. */
  async kill(): Promise<void> {
    process.kill(this.pid, 'SIGKILL');
    await this.child.exited;
  }

  /** Leaves the group in order. */
  async stop(): Promise<void> {
    await this.child.stop();
  }
}

function commandOf(client: ClientName): [string, ...string[]] {
  const clients = join(__dirname, '..', 'clients');
  if (client !== 'java') return [process.execPath, join(clients, `${client}-client.cjs`)];
  return ['java', ...jvmFlags(compileJava(join(clients, 'JavaClient.java')), 512), 'JavaClient'];
}
