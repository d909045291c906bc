/**
 * Every API that is served, in every version that is advertised: whatever is asked, the answer is one of that version. The
 * list comes from the registry, so an API that is added is tested, or has no sample and fails.
 */
import { served } from '../../src/handlers/index';
import { apis, type Api, type ApiName } from '../../wire/api-keys';
import { decode, encode } from '../../wire/codec';
import type { Input } from '../../wire/schema';
import { makeValue, shapes, type Shape } from '../wire/support/message-values';
import { seeded, seedOf } from '../wire/support/seeded';
import { forVersion } from './support/for-version';
import { samples, type World } from './support/sample-requests';
import { startTestBroker, type TestBroker } from './support/test-broker';
import type { WireClient } from './support/wire-client';

type Value = Readonly<Record<string, unknown>>;

const RANDOM_ROUNDS = 5;

let broker: TestBroker;
let client: WireClient;
let world: World;

beforeAll(async () => {
  broker = await startTestBroker();
  client = broker.client();
  const { topics } = await client.ask('CreateTopics', 7, {
    topics: [{ name: 'samples', numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] }],
  });
  let count = 0;
  world = { topic: 'samples', topicId: topics[0]?.topicId ?? '', fresh: (prefix) => `${prefix}-${++count}` };
  // So that group APIs meet a coordinator, not the lack of its topic.
  await client.ask('FindCoordinator', 4, { coordinatorKeys: ['group'] });
});

afterAll(() => broker.stop());

const servedApis = [...served()];

test('every API that is served has samples', () => {
  expect(servedApis.map(([name]) => name).filter((name) => samples[name] === undefined)).toEqual([]);
});

const cases = servedApis.flatMap(([name, { minVersion, maxVersion }]) =>
  Array.from({ length: maxVersion - minVersion + 1 }, (_, index) => [name, minVersion + index] as const),
);

describe.each(cases)('%s v%i', (name, version) => {
  beforeEach(() => (client = broker.client()));
  afterEach(async () => {
    await client.close();
    expect(broker.takeErrors()).toEqual([]);
  });

  test('answers a typical request', async () => {
    await answers(name, version, samples[name]?.typical(world) as Value);
  });

  test('answers a request for what is not there', async () => {
    await answers(name, version, samples[name]?.unknown(world) as Value);
  });

  test('answers requests made from its schema', async () => {
    for (const value of shapes.flatMap((shape) => generated(name, version, shape))) await answers(name, version, value);
  });
});

/** The answer decodes in this version, and what was decoded encodes to the same bytes. */
async function answers(name: ApiName, version: number, request: Value): Promise<void> {
  const api: Api = apis[name];
  const body = encode(api.request, version, forVersion(api.request, version, request) as Input<Api['request']>);
  const answer = await client.exchange(api, version, body);
  const response = decode(api.response, version, answer);
  expect(Buffer.from(encode(api.response, version, response as Input<Api['response']>))).toEqual(Buffer.from(answer));
}

function generated(name: ApiName, version: number, shape: Shape): Value[] {
  const { request } = apis[name];
  const random = seeded(seedOf(`${name} ${version} ${shape}`));
  const rounds = shape === 'random' ? RANDOM_ROUNDS : 1;
  return Array.from({ length: rounds }, () => ({
    ...makeValue(request, version, shape, random),
    ...mustAnswerSoon(name),
  }));
}

/** What would let a request wait for long, or ask for no answer at all, is not left to chance. */
function mustAnswerSoon(name: ApiName): Value {
  switch (name) {
    case 'Produce':
      return { acks: 1, timeoutMs: 0 };
    case 'Fetch':
      return { maxWaitMs: 0 };
    default:
      return {};
  }
}
