/**
 * Real `moldau server` processes on loopback whose quorum is one node at first: node 1, broker and controller; the others are
 * controllers that have no voters in their directories, and wait to be added. (KIP-853)
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from './child';
import { freePorts } from './free-ports';
import { moldauCommand } from './moldau-process';
import { MoldauNode } from './moldau-cluster';

const HOST = '127.0.0.1';
const CLUSTER_ID = 'Z3Jvd2luZy1xdW9ydW0tMQ';

export class GrowingQuorum {
  private constructor(
    readonly dir: string,
    readonly nodes: readonly MoldauNode[],
  ) {}

  /** Formats and starts all; resolves when they are ready. `own`: properties of every node. */
  static async start(controllers: number, own: Readonly<Record<string, string>> = {}): Promise<GrowingQuorum> {
    const dir = mkdtempSync(join(tmpdir(), 'growing-quorum-'));
    const ports = await freePorts(2 * controllers);
    const nodes = Array.from({ length: controllers }, (_, index) => {
      const id = index + 1;
      return new MoldauNode(id, ports[2 * index] ?? 0, ports[2 * index + 1] ?? 0, '', join(dir, `node-${id}`), join(dir, `node-${id}.properties`));
    });
    const quorum = new GrowingQuorum(dir, nodes);
    try {
      for (const node of nodes) {
        writeFileSync(node.propertiesFile, propertiesOf(node, nodes, own));
        await quorum.format(node, node.id === 1 ? '--standalone' : '--no-initial-controllers');
        await node.start();
      }
    } catch (error) {
      await quorum.dispose();
      throw error;
    }
    return quorum;
  }

  /** Where clients find the broker. */
  get bootstrap(): string {
    return `${HOST}:${this.node(1).port}`;
  }

  node(id: number): MoldauNode {
    const found = this.nodes.find((node) => node.id === id);
    if (found === undefined) throw new Error(`no node ${id}`);
    return found;
  }

  /** What stands in the node's meta.properties now. */
  directoryId(id: number): string {
    const text = readFileSync(join(this.node(id).logDir, 'meta.properties'), 'utf8');
    return /^directory\.id=(.*)$/m.exec(text)?.[1] ?? '';
  }

  /** kill -9, an empty disk, and the node is back, with another directory id. */
  async replaceDisk(id: number): Promise<void> {
    const node = this.node(id);
    await node.end('SIGKILL');
    rmSync(node.logDir, { recursive: true });
    await this.format(node, '--no-initial-controllers');
    await node.start();
  }

  async dispose(): Promise<void> {
    await Promise.all(this.nodes.map((node) => (node.isRunning ? node.end('SIGKILL') : null)));
    rmSync(this.dir, { recursive: true, force: true });
  }

  private async format(node: MoldauNode, voters: '--standalone' | '--no-initial-controllers'): Promise<void> {
    const args = ['storage', 'format', '--cluster-id', CLUSTER_ID, '--config', node.propertiesFile, voters];
    const child = new Child('format', process.execPath, [moldauCommand, ...args]);
    const { code } = await child.exited;
    if (code !== 0) throw child.failure('moldau storage format');
  }
}

function propertiesOf(node: MoldauNode, nodes: readonly MoldauNode[], own: Readonly<Record<string, string>>): string {
  const isBroker = node.id === 1;
  const controller = `CONTROLLER://${HOST}:${node.controllerPort}`;
  const properties: Readonly<Record<string, string>> = {
    'process.roles': isBroker ? 'broker,controller' : 'controller',
    'node.id': String(node.id),
    listeners: isBroker ? `PLAINTEXT://${HOST}:${node.port},${controller}` : controller,
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.bootstrap.servers': nodes.map(({ controllerPort }) => `${HOST}:${controllerPort}`).join(','),
    'log.dirs': node.logDir,
    ...own,
  };
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}
