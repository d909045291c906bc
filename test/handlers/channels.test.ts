/** The channels of a broker to a controller in another process, over a real connection. */
import { openChannels, type ControllerChannels } from '../../src/node/controller-channel/channels';
import { buildBrokerConfig } from '../../src/config/build-config';
import type { BrokerConfig } from '../../src/config/broker-config';
import { silentLogger } from '../../src/observe/silent-logger';
import { NodeDisk } from '../../log/node-disk';
import { InlineWorkers } from '../../log/node-workers';
import { VoterSet } from '../../controller/raft/voter-set';
import type { ApiName } from '../../wire/api-keys';
import { createNodeBaseEnv } from '../../wire/base/node-env';
import { ErrorCode } from '../../wire/base/error-codes';
import type { RequestInput, ResponseOf } from '../../wire/exchange';
import { isPeerFailure } from '../../wire/peer-link';
import type { ControllerChannel } from '../../src/controller-channel';
import { startTestBroker, type TestBroker } from './support/test-broker';

let broker: TestBroker;
let channels: ControllerChannels;
const leader = { leaderId: 1, epoch: 1 };

function brokerConfig(): BrokerConfig {
  const texts = new Map([
    ['node.id', '7'],
    ['process.roles', 'broker'],
    ['controller.listener.names', 'CONTROLLER'],
    ['controller.quorum.bootstrap.servers', 'localhost:1'],
  ]);
  const built = buildBrokerConfig([{ origin: 'test', texts }]);
  if (!built.ok) throw new Error(built.problems.join('\n'));
  return built.config;
}

beforeAll(async () => {
  broker = await startTestBroker();
  const env = { ...createNodeBaseEnv({ logger: silentLogger }), disk: new NodeDisk(), workers: new InlineWorkers() };
  const endpoints = [
    { name: 'OTHER', host: '127.0.0.1', port: 1 },
    { name: 'CONTROLLER', host: '127.0.0.1', port: broker.controllerPort },
  ];
  const voter = { id: 1, directoryId: 'abcdefghijklmnopqrstuw', endpoints, minKraftVersion: 0, maxKraftVersion: 1 };
  const raft = { nodeId: 7, leader, voters: new VoterSet([voter]), onLeaderChange: () => undefined };
  channels = openChannels({ env, config: brokerConfig(), raft, local: null });
});

afterAll(async () => {
  channels.close();
  await broker.stop();
});

function ask<N extends ApiName>(channel: ControllerChannel, api: N, request: RequestInput<N>): Promise<ResponseOf<N>> {
  return new Promise((resolve, reject) => {
    channel.call(api, request, 5000, (result) => {
      if (isPeerFailure(result)) reject(result);
      else resolve(result);
    });
  });
}

describe('the channels to a controller elsewhere', () => {
  test('find it by the first name of controller.listener.names, once somebody leads', async () => {
    leader.leaderId = -1;
    const heartbeat = { brokerId: 7, brokerEpoch: 3, currentMetadataOffset: 0, wantFence: true, wantShutDown: false };
    const answered = ask(channels.heartbeats, 'BrokerHeartbeat', heartbeat);
    leader.leaderId = 1;
    channels.wake();
    expect((await answered).errorCode).toBe(ErrorCode.STALE_BROKER_EPOCH);
  });

  test('do not wait for each other', async () => {
    const request = { brokerId: 7, brokerEpoch: 3 };
    const topics = [{ name: 'of-a-channel', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }];
    const [ids, created] = await Promise.all([
      ask(channels.producerIds, 'AllocateProducerIds', request),
      ask(channels.forwarding, 'CreateTopics', { topics, timeoutMs: 1000 }),
    ]);
    expect([ids.errorCode, created.topics[0]?.errorCode]).toEqual([ErrorCode.STALE_BROKER_EPOCH, ErrorCode.NONE]);
  });
});
