/**
 * The binding of the ports in `env.ts` to the real world. Beside it, `log/node-disk.ts` is the only other one. The files
 * `node-*.ts` of this folder belong to it; nobody else imports Node's clock, timers, randomness or sockets.
 */
import type { BaseEnv, Clock, Logger, ProcessControl, Random, Timers } from './env';
import type { IoMemory } from './io-memory';
import type { Monitoring } from './monitoring';
import { nodeClock, nodeProcess, nodeRandom, nodeTimers } from './node-clock';
import { sharedIoMemory } from './node-io-memory';
import { nodeMonitoring } from './node-monitoring';
import type { ReadPath } from './node-network';
import { NodeNetwork } from './node-network';

export interface NodeBaseEnvOptions {
  readonly logger: Logger;
  /** How sockets are read; 'auto' unless a test wants one path. */
  readonly readPath?: ReadPath;
}

/** The real world, and the I/O memory that the network floor takes its buffers from. */
export interface NodeBaseEnv extends BaseEnv {
  readonly memory: IoMemory;
  readonly monitoring: Monitoring;
}

/** Real ports. Cheap: sockets, timers and memory are made when they are used. */
export function createNodeBaseEnv(options: NodeBaseEnvOptions): NodeBaseEnv {
  const memory = sharedIoMemory();
  const timers: Timers = nodeTimers();
  const random = nodeRandom();
  const clock: Clock = nodeClock();
  const control: ProcessControl = nodeProcess();
  return {
    clock,
    timers,
    random: (): Random => random,
    network: new NodeNetwork({ window: memory.receiveWindow, timers }, options.readPath),
    process: control,
    logger: options.logger,
    crc32c: memory.crc32c,
    memory,
    monitoring: nodeMonitoring(),
  };
}
