import { PeerLink, isPeerFailure, type PeerFailure } from '../../wire/peer-link';
import { ErrorCode } from '../../wire/base/error-codes';
import { ServerError } from '../../wire/broker-link';
import { ExchangeError } from '../../wire/client-connection';
import { freePorts } from '../support/free-ports';
import { FakeBroker, env, gate } from './support/fake-broker';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function broker(...parameters: ConstructorParameters<typeof FakeBroker>): Promise<FakeBroker> {
  const started = await new FakeBroker(...parameters).start();
  open.push({ close: () => started.stop() });
  return started;
}

function linkTo(port: number): PeerLink {
  const options = { host: '127.0.0.1', port, clientId: 'peer', connectTimeoutMs: 5000, requestTimeoutMs: 10_000 };
  const link = new PeerLink(env, options);
  open.push(link);
  return link;
}

/** Asks for the metadata; `isWithinCall` tells whether the answer came before the call had returned. */
function ask(link: PeerLink): Promise<{ readonly result: number | PeerFailure; readonly isWithinCall: boolean }> {
  return new Promise((resolve) => {
    let hasReturned = false;
    link.call('Metadata', { topics: [] }, {}, (result) => {
      resolve({ result: isPeerFailure(result) ? result : (result.brokers[0]?.nodeId ?? -1), isWithinCall: !hasReturned });
    });
    hasReturned = true;
  });
}

const answering = (nodeId: number): ConstructorParameters<typeof FakeBroker>[0] => ({
  Metadata: () => ({ brokers: [{ nodeId, host: 'h', port: 1 }], topics: [] }),
});

const kindOf = (result: number | PeerFailure): string => (result instanceof ExchangeError ? result.kind : String(result));

describe('a link to a peer', () => {
  test('connects at the first call, once for all that wait, and answers in order', async () => {
    const peer = await broker(answering(7));
    const link = linkTo(peer.port);
    expect(link.isConnected).toBe(false);
    const answers = await Promise.all([ask(link), ask(link), ask(link)]);
    expect(answers).toEqual(Array(3).fill({ result: 7, isWithinCall: false }));
    expect(peer.asked.map(({ name }) => name)).toEqual(['ApiVersions', 'Metadata', 'Metadata', 'Metadata']);
    expect(link.isConnected).toBe(true);
  });

  test('tells once of each call that its bytes are nobody\'s any more, whatever becomes of it', async () => {
    const opened = gate<undefined>();
    const peer = await broker({ Metadata: () => opened.promise.then(() => ({ brokers: [], topics: [] })) });
    const [refused] = await freePorts(1);
    const released: string[] = [];
    const call = (what: string, link: PeerLink): Promise<unknown> =>
      new Promise((resolve) => {
        let hasReleased = (): void => undefined;
        const isReleased = new Promise<void>((told) => (hasReleased = told));
        const options = {
          released: (): void => {
            released.push(what);
            hasReleased();
          },
        };
        link.call('Metadata', { topics: [] }, options, (result) => void isReleased.then(() => resolve(result)));
      });
    const link = linkTo(peer.port);
    const answered = call('answered', link);
    const nobody = call('nobody there', linkTo(refused!));
    await nobody;
    opened.open(undefined);
    await answered;
    link.close();
    await call('closed before', link);
    expect([...released].sort()).toEqual(['answered', 'closed before', 'nobody there']);
  });

  test('asks in the newest version that both know, and makes the request for it', async () => {
    const peer = await broker(answering(7), { Metadata: [3, 9] });
    const versions: number[] = [];
    const request = (version: number): { topics: [] } => {
      versions.push(version);
      return { topics: [] };
    };
    const link = linkTo(peer.port);
    await new Promise<unknown>((resolve) => link.call('Metadata', request, {}, resolve));
    await new Promise<unknown>((resolve) => link.call('Metadata', request, { maxVersion: 5 }, resolve));
    expect(versions).toEqual([9, 5]);
  });

  test('says that the peer does not know an API, in a later turn', async () => {
    const link = linkTo((await broker({})).port);
    for (let i = 0; i < 2; i++) {
      const { result, isWithinCall } = await ask(link);
      expect(result).toBeInstanceOf(ServerError);
      expect((result as ServerError).errorCode).toBe(ErrorCode.UNSUPPORTED_VERSION);
      expect(isWithinCall).toBe(false);
    }
  });

  test('fails with what kept it from connecting, and tries anew at the next call', async () => {
    const [port] = (await freePorts(1)) as [number];
    const link = linkTo(port);
    const refused = await Promise.all([ask(link), ask(link)]);
    expect(refused.map(({ result }) => kindOf(result))).toEqual(['refused', 'refused']);
    const peer = await new FakeBroker(answering(7)).start(port);
    open.push({ close: () => peer.stop() });
    expect((await ask(link)).result).toBe(7);
  });

  test('tells that an open connection has ended, fails what was under way, and connects again when asked', async () => {
    const isAsked = gate<void>();
    const first = await new FakeBroker({
      Metadata: () => {
        isAsked.open();
        return new Promise(() => undefined);
      },
    }).start();
    const link = linkTo(first.port);
    const isLost = new Promise<void>((resolve) => link.whenLost(resolve));
    const failed = ask(link);
    await isAsked.promise;
    await first.stop();
    expect(kindOf((await failed).result)).toBe('closed');
    await isLost;
    const second = await new FakeBroker(answering(8)).start(first.port);
    open.push({ close: () => second.stop() });
    expect((await ask(link)).result).toBe(8);
  });

  test('closed, it fails every call and says nothing of a lost connection', async () => {
    const peer = await broker(answering(7));
    const link = linkTo(peer.port);
    let losses = 0;
    link.whenLost(() => losses++);
    await ask(link);
    link.close();
    expect(await ask(link)).toMatchObject({ result: { kind: 'closed' }, isWithinCall: false });
    expect(losses).toBe(0);
  });

  test('closed while it connects, it ends the calls that wait', async () => {
    const peer = await broker(answering(7));
    const link = linkTo(peer.port);
    const waiting = ask(link);
    link.close();
    expect(kindOf((await waiting).result)).toBe('closed');
  });

  test('turns calls away when a thousand wait for the connection', async () => {
    const link = linkTo((await broker(answering(7))).port);
    const answers = await Promise.all(Array.from({ length: 1001 }, () => ask(link)));
    expect(answers.filter(({ result }) => kindOf(result) === 'overloaded')).toHaveLength(1);
    expect(kindOf(answers[1000]!.result)).toBe('overloaded');
  });
});
