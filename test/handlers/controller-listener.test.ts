/** What a controller's listener serves: its own APIs, brokers that register and heartbeat, and requests in envelopes. */
import { encodePrincipal, ANONYMOUS, concatenated } from '../../src/handlers/envelope-body';
import { apis, responseHeaderVersion, type ApiName } from '../../wire/api-keys';
import { ErrorCode } from '../../wire/base/error-codes';
import { decode, encode } from '../../wire/codec';
import { decodeResponseHeader, encodeRequestHeader } from '../../wire/header';
import type { Input, Message } from '../../wire/schema';
import { startTestBroker, type TestBroker } from './support/test-broker';
import { ConnectionClosed, type RequestOf, type ResponseOf, type WireClient } from './support/wire-client';

let broker: TestBroker;
let controller: WireClient;

beforeAll(async () => (broker = await startTestBroker()));
afterAll(() => broker.stop());
beforeEach(() => (controller = broker.controllerClient()));
afterEach(() => expect(broker.takeErrors()).toEqual([]));

const LOOPBACK = Uint8Array.of(127, 0, 0, 1);
const CORRELATION_ID = 77;

function enveloped<N extends ApiName>(name: N, version: number, request: RequestOf<N>): Uint8Array {
  const body = encode(apis[name].request as Message, version, request as Input<Message>);
  return concatenated([encodeRequestHeader(apis[name], version, CORRELATION_ID, 'inner'), body]);
}

function opened<N extends ApiName>(name: N, version: number, data: Uint8Array | null): ResponseOf<N> {
  const frame = data ?? new Uint8Array(0);
  const header = decodeResponseHeader(frame, responseHeaderVersion(apis[name], version));
  expect(header.correlationId).toBe(CORRELATION_ID);
  return decode(apis[name].response as Message, version, frame, { offset: header.bodyOffset }) as unknown as ResponseOf<N>;
}

const cluster = (endpointType: number): RequestOf<'DescribeCluster'> => ({
  endpointType,
  includeClusterAuthorizedOperations: false,
});

const newTopic = (name: string): RequestOf<'CreateTopics'> => ({
  topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
  timeoutMs: 1000,
});

describe('the listeners of a node', () => {
  test('advertise what they serve, each its own', async () => {
    const client = { clientSoftwareName: 'test', clientSoftwareVersion: '1' };
    const keys = async (of: WireClient): Promise<number[]> =>
      (await of.ask('ApiVersions', 4, client)).apiKeys.map(({ apiKey }) => apiKey);
    const [onController, onBroker] = [await keys(controller), await keys(broker.client())];
    expect(onController).toEqual(expect.arrayContaining([18, 19, 56, 58, 60, 62, 63, 67, 70]));
    expect(onController).not.toEqual(expect.arrayContaining([0]));
    expect(onBroker).toEqual(expect.arrayContaining([0, 1, 3, 43, 45, 46, 57, 64]));
    expect(onBroker.filter((key) => [56, 58, 62, 63, 67, 70].includes(key))).toEqual([]);
    const allowed = Object.values(apis).filter(({ listeners }) => listeners.includes('controller'));
    expect(onController.filter((key) => !allowed.some((api) => api.key === key))).toEqual([]);
  });

  test('end the connection of who asks the wrong one', async () => {
    await expect(controller.ask('Metadata', 12, { topics: null })).rejects.toThrow(ConnectionClosed);
    const heartbeat = { brokerId: 1, currentMetadataOffset: 0, wantFence: false, wantShutDown: false };
    await expect(broker.client().ask('BrokerHeartbeat', 1, heartbeat)).rejects.toThrow(ConnectionClosed);
  });

  test('of a controller tell its features, supported and finalized, kraft.version among them', async () => {
    const client = { clientSoftwareName: 'test', clientSoftwareVersion: '1' };
    const { supportedFeatures, finalizedFeatures } = await controller.ask('ApiVersions', 4, client);
    const named = (name: string) => (feature: { name: string }) => feature.name === name;
    expect(supportedFeatures.find(named('kraft.version'))).toEqual({ name: 'kraft.version', minVersion: 0, maxVersion: 1 });
    expect(finalizedFeatures.find(named('kraft.version'))).toMatchObject({ maxVersionLevel: 1 });
    expect(finalizedFeatures.find(named('metadata.version'))).toMatchObject({ maxVersionLevel: 30 });
  });

  test('of a broker tell eligible leaders as supported, and finalized only where they are', async () => {
    const client = { clientSoftwareName: 'test', clientSoftwareVersion: '1' };
    const { supportedFeatures, finalizedFeatures } = await broker.client().ask('ApiVersions', 4, client);
    const range = { name: 'eligible.leader.replicas.version', minVersion: 0, maxVersion: 1 };
    expect(supportedFeatures).toEqual(expect.arrayContaining([range]));
    expect(finalizedFeatures.map(({ name }) => name)).toEqual(['metadata.version', 'kraft.version']);
  });

  test('tell the registered controllers, and who asks for brokers that this is none', async () => {
    const wanted = cluster(2);
    const { brokers, controllerId, clusterId } = await controller.ask('DescribeCluster', 1, wanted);
    expect([brokers, controllerId]).toEqual([
      [{ brokerId: 1, host: '127.0.0.1', port: broker.controllerPort, rack: null, isFenced: false }],
      1,
    ]);
    expect(clusterId).toMatch(/^[\w-]{22}$/);
    expect((await controller.ask('DescribeCluster', 1, cluster(1))).errorCode).toBe(
      ErrorCode.MISMATCHED_ENDPOINT_TYPE,
    );
    expect((await controller.ask('DescribeCluster', 1, cluster(9))).errorCode).toBe(
      ErrorCode.UNSUPPORTED_ENDPOINT_TYPE,
    );
    expect((await broker.client().ask('DescribeCluster', 1, wanted)).errorCode).toBe(ErrorCode.MISMATCHED_ENDPOINT_TYPE);
  });
});

test('a controller describes configs of topics and of its own node', async () => {
  await controller.ask('CreateTopics', 7, newTopic('described'));
  const configurationKeys = ['retention.ms', 'node.id'];
  const { results } = await controller.ask('DescribeConfigs', 4, {
    resources: [
      { resourceType: 2, resourceName: 'described', configurationKeys },
      { resourceType: 4, resourceName: '1', configurationKeys },
      { resourceType: 4, resourceName: '2', configurationKeys },
    ],
  });
  const shown = results.map(({ errorCode, configs }) => [errorCode, configs.map(({ name, value }) => `${name}=${value}`)]);
  expect(shown).toEqual([
    [0, ['retention.ms=604800000']],
    [0, ['node.id=1']],
    [ErrorCode.INVALID_REQUEST, []],
  ]);
});

describe('a broker elsewhere', () => {
  test('registers, heartbeats and is unfenced once it is caught up; brokers show it fenced or not', async () => {
    const client = { clientSoftwareName: 'test', clientSoftwareVersion: '1' };
    const { clusterId } = await controller.ask('DescribeCluster', 1, cluster(2));
    const { supportedFeatures } = await controller.ask('ApiVersions', 4, client);
    const registration = {
      brokerId: 42,
      clusterId,
      incarnationId: 'abcdefghijklmnopqrstuw',
      listeners: [{ name: 'PLAINTEXT', host: 'far', port: 9, securityProtocol: 0 }],
      features: supportedFeatures.map(({ name, minVersion, maxVersion }) => ({
        name,
        minSupportedVersion: minVersion,
        maxSupportedVersion: maxVersion,
      })),
      rack: null,
      logDirs: ['zbcdefghijklmnopqrstuw'],
    };
    const { errorCode, brokerEpoch } = await controller.ask('BrokerRegistration', 4, registration);
    expect(errorCode).toBe(0);
    const shown = async (): Promise<unknown> => {
      const request = { ...cluster(1), includeFencedBrokers: true };
      const { brokers } = await broker.client().ask('DescribeCluster', 2, request);
      return brokers.find(({ brokerId }) => brokerId === 42);
    };
    expect(await shown()).toMatchObject({ host: 'far', isFenced: true });
    const heartbeat = { brokerId: 42, brokerEpoch, wantFence: false, wantShutDown: false };
    const early = await controller.ask('BrokerHeartbeat', 1, { ...heartbeat, currentMetadataOffset: 0 });
    expect([early.isCaughtUp, early.isFenced]).toEqual([false, true]);
    const later = await controller.ask('BrokerHeartbeat', 1, { ...heartbeat, currentMetadataOffset: brokerEpoch });
    expect([later.isCaughtUp, later.isFenced]).toEqual([true, false]);
    expect(await shown()).toMatchObject({ isFenced: false });
    expect((await broker.client().ask('UnregisterBroker', 0, { brokerId: 42 })).errorCode).toBe(0);
    expect(await shown()).toBeUndefined();
    const again = await broker.client().ask('UnregisterBroker', 0, { brokerId: 42 });
    expect(again).toMatchObject({
      errorCode: ErrorCode.BROKER_ID_NOT_REGISTERED,
      errorMessage: 'Broker ID 42 is not currently registered',
    });
  });
});

describe('an envelope', () => {
  const envelope = { requestPrincipal: encodePrincipal(ANONYMOUS), clientHostAddress: LOOPBACK };

  test('has the request in it handled, and its answer comes back with its header', async () => {
    const requestData = enveloped('CreateTopics', 7, newTopic('enveloped'));
    const { errorCode, responseData } = await controller.ask('Envelope', 0, { ...envelope, requestData });
    expect(errorCode).toBe(0);
    expect(opened('CreateTopics', 7, responseData).topics[0]).toMatchObject({ name: 'enveloped', errorCode: 0 });
    const old = enveloped('CreateTopics', 2, newTopic('enveloped'));
    const second = await controller.ask('Envelope', 0, { ...envelope, requestData: old });
    expect(opened('CreateTopics', 2, second.responseData).topics[0]?.errorCode).toBe(ErrorCode.TOPIC_ALREADY_EXISTS);
  });

  test.each<readonly [string, Partial<RequestOf<'Envelope'>>, number]>([
    ['without a principal', { requestPrincipal: null }, ErrorCode.PRINCIPAL_DESERIALIZATION_FAILURE],
    ['with half a principal', { requestPrincipal: Uint8Array.of(0, 0, 9) }, ErrorCode.PRINCIPAL_DESERIALIZATION_FAILURE],
    ['with a newer principal', { requestPrincipal: Uint8Array.of(0, 1) }, ErrorCode.PRINCIPAL_DESERIALIZATION_FAILURE],
    ['with half an address', { clientHostAddress: Uint8Array.of(1, 2) }, ErrorCode.INVALID_REQUEST],
    ['with an API that is not forwarded', { requestData: enveloped('Metadata', 12, { topics: [] }) }, ErrorCode.INVALID_REQUEST],
    ['with half a header', { requestData: Uint8Array.of(0, 19, 0) }, ErrorCode.UNSUPPORTED_VERSION],
    ['with an API that nobody knows', { requestData: Uint8Array.of(9, 9, 0, 0, 0, 0, 0, 1, 0, 0) }, ErrorCode.UNSUPPORTED_VERSION],
    [
      'with a version that nobody knows',
      { requestData: Uint8Array.of(0, 19, 0, 99, 0, 0, 0, 1, 0, 0, 0) },
      ErrorCode.UNSUPPORTED_VERSION,
    ],
    [
      'with half a request',
      { requestData: enveloped('CreateTopics', 7, newTopic('half')).subarray(0, 24) },
      ErrorCode.UNSUPPORTED_VERSION,
    ],
  ])('%s is refused', async (_, changed, expected) => {
    const requestData = enveloped('CreateTopics', 7, newTopic('refused'));
    const answer = await controller.ask('Envelope', 0, { ...envelope, requestData, ...changed });
    expect([answer.errorCode, answer.responseData]).toEqual([expected, null]);
  });
});
