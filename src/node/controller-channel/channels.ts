/**
 * One channel to the active controller for each purpose, so that none waits behind another: above all heartbeats.
 *
 * The controller is whom the quorum's node here knows as leader, at the endpoint that the voter set has for the first of
 * controller.listener.names; this very node once its controller is active.
 */
import type { RaftNode } from '../../../controller/raft/raft-node';
import type { Env } from '../../../log/env';
import { PeerLink } from '../../../wire/peer-link';
import type { BrokerConfig } from '../../config/broker-config';
import type { ControllerChannel } from '../../controller-channel';
import type { ControllerServices } from '../../controller-services';
import { InProcessCalls } from './controller-calls';
import { QueuedChannel, type ActiveController } from './queued-channel';

export interface ControllerChannels {
  readonly heartbeats: ControllerChannel;
  readonly alterPartition: ControllerChannel;
  readonly directoryAssignments: ControllerChannel;
  readonly producerIds: ControllerChannel;
  readonly registration: ControllerChannel;
  readonly forwarding: ControllerChannel;
  /** Somebody may have begun to lead. */
  wake(): void;
  close(): void;
}

export interface ChannelsParts {
  readonly env: Env;
  readonly config: BrokerConfig;
  readonly raft: Pick<RaftNode, 'nodeId' | 'leader' | 'voters' | 'onLeaderChange'>;
  /** Of the controller in this process; null on a node without the role. */
  readonly local: ControllerServices | null;
}

export function openChannels({ env, config, raft, local }: ChannelsParts): ControllerChannels {
  const calls = local === null ? null : new InProcessCalls(local);
  const [listenerName] = config.controllerListenerNames;
  const activeController = (): ActiveController | null => {
    const { leaderId } = raft.leader;
    if (leaderId === raft.nodeId) return local?.controller.isActive === true ? calls : null;
    const voter = raft.voters?.find(leaderId);
    return voter?.endpoints.find(({ name }) => name === listenerName) ?? null;
  };
  const requestTimeoutMs = config.get('request.timeout.ms');
  const setupTimeoutMs = Math.min(config.get('socket.connection.setup.timeout.ms'), requestTimeoutMs);
  const all: QueuedChannel[] = [];
  const open = (): QueuedChannel => {
    const channel = new QueuedChannel({
      clock: env.clock,
      timers: env.timers,
      tryTimeoutMs: requestTimeoutMs,
      activeController,
      connect: ({ host, port }) =>
        new PeerLink(env, {
          host,
          port,
          clientId: String(config.nodeId),
          connectTimeoutMs: setupTimeoutMs,
          requestTimeoutMs,
          ...(env.memory === undefined ? {} : { memory: env.memory }),
        }),
    });
    all.push(channel);
    return channel;
  };
  raft.onLeaderChange(() => all.forEach((channel) => channel.leaderChanged()));
  return {
    heartbeats: open(),
    alterPartition: open(),
    directoryAssignments: open(),
    producerIds: open(),
    registration: open(),
    forwarding: open(),
    wake: () => all.forEach((channel) => channel.wake()),
    close: () => all.forEach((channel) => channel.close()),
  };
}
