/**
 * A network for each node, so that one of them can be cut off from all others: namespaces joined by a bridge, all within a
 * namespace of our own that ends with this process. (Linux with iproute2 and util-linux, root)
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { NodePlace } from '../../test/support/cluster-process';

const RUN_TS = join(__dirname, '..', '..', 'scripts', 'run-ts.cjs');
const INSIDE = 'MOLDAU_SPLIT_NETWORK';
const BRIDGE = 'moldau';
const hostOf = (node: number): string => `10.9.0.${node}`;
const OWN_ADDRESS = '10.9.0.254/24';

export class SplitNetwork {
  private constructor() {}

  static get isInside(): boolean {
    return process.env[INSIDE] === '1';
  }

  /** This program with its arguments once more, in a network that it has for itself; returns its exit code. */
  static runInside(): number {
    const args = ['--net', '--mount', process.execPath, ...process.execArgv, RUN_TS, ...process.argv.slice(1)];
    const { status, error } = spawnSync('unshare', args, { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } });
    if (error !== undefined) throw new Error(`unshare: ${error.message}; a node is cut off on Linux only, as root`);
    return status ?? 1;
  }

  /** Only inside. */
  static create(nodes: readonly number[]): SplitNetwork {
    // Names of namespaces live here; where it is our own, they end with us.
    execFileSync('mkdir', ['-p', '/run/netns']);
    execFileSync('mount', ['-t', 'tmpfs', 'none', '/run/netns']);
    ip('link set lo up');
    ip(`link add ${BRIDGE} type bridge`);
    ip(`addr add ${OWN_ADDRESS} dev ${BRIDGE}`);
    ip(`link set ${BRIDGE} up`);
    for (const node of nodes) addNode(node);
    return new SplitNetwork();
  }

  placeOf(node: number): NodePlace {
    return { host: hostOf(node), prefix: ['ip', 'netns', 'exec', `node-${node}`] };
  }

  /** From now on nothing reaches the node, and nothing of it anybody; nobody is told. */
  cut(node: number): void {
    ip(`link set cable-${node} down`);
  }

  heal(node: number): void {
    ip(`link set cable-${node} up`);
  }
}

function addNode(node: number): void {
  const name = `node-${node}`;
  ip(`netns add ${name}`);
  ip(`link add cable-${node} type veth peer name eth0 netns ${name}`);
  ip(`link set cable-${node} master ${BRIDGE} up`);
  ip(`-n ${name} addr add ${hostOf(node)}/24 dev eth0`);
  ip(`-n ${name} link set eth0 up`);
  ip(`-n ${name} link set lo up`);
}

function ip(command: string): void {
  execFileSync('ip', command.split(' '), { stdio: ['ignore', 'ignore', 'inherit'] });
}
