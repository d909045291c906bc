import type { CloseReason, ConnectFailure, Connection, ConnectionEvents } from '../../wire/base/env';
import { BindError } from '../../wire/base/env';
import type { Env } from '../../log/env';
import { inMacrotask } from './runner';
import { SimWorld } from './world';

const PORT = 9092;

/** Runs a test body where the microtask drain works. */
const simulated = (body: () => void) => (): Promise<void> => inMacrotask(body);

/** Everything that one end was told. */
class Probe implements ConnectionEvents {
  readonly received: number[] = [];
  readonly pieces: number[] = [];
  drains = 0;
  closedBy: CloseReason | null = null;
  connection: Connection | null = null;
  result: Connection | ConnectFailure | null = null;

  bytes(slice: Uint8Array): void {
    for (const byte of slice) this.received.push(byte);
    this.pieces.push(slice.length);
  }

  drain(): void {
    this.drains++;
  }

  closed(reason: CloseReason): void {
    if (this.closedBy !== null) throw new Error('closed twice');
    this.closedBy = reason;
  }

  readonly done = (result: Connection | ConnectFailure): void => {
    this.result = result;
    if (typeof result !== 'string') this.connection = result;
  };
}

/** Answers every byte with itself. */
function echoServer(env: Env, served: Connection[] = []): Promise<void> {
  const listening = env.network.listen(
    '',
    PORT,
    (connection) => {
      served.push(connection);
      return {
        bytes: (slice) => void connection.write([slice.slice()]),
        drain: () => {},
        closed: () => {},
      };
    },
    () => {},
  );
  return listening.then(() => {});
}

/** A world with a server on host `s`, and a probe that has dialled it from outside. */
function connected(seed: number | string, accept?: (connection: Connection) => ConnectionEvents): { world: SimWorld; probe: Probe } {
  const world = new SimWorld({ seed });
  world.start(world.host('s'), 'server', (env) =>
    accept === undefined ? echoServer(env) : env.network.listen('', PORT, accept, () => {}).then(() => {}),
  );
  world.run({ untilMs: 10 });
  const probe = new Probe();
  world.network.dial(world.owner, 's', PORT, probe, probe.done);
  world.run({ until: () => probe.result !== null });
  return { world, probe };
}

const silent = (): ConnectionEvents => ({ bytes: () => {}, drain: () => {}, closed: () => {} });

describe('the simulated network', () => {
  test(
    'carries every byte once, in order, in pieces of any size',
    simulated(() => {
      const pieces = new Set<number>();
      for (let seed = 0; seed < 20; seed++) {
        const { world, probe } = connected(seed);
        const sent: number[] = [];
        for (let i = 0; i < 20; i++) {
          const chunk = new Uint8Array(world.random('test').between(1, 300)).map((_, index) => (i + index) & 255);
          sent.push(...chunk);
          probe.connection!.write([chunk.subarray(0, 1), chunk.subarray(1)]);
        }
        world.run();
        expect(probe.received).toEqual(sent);
        probe.pieces.forEach((piece) => pieces.add(piece));
      }
      expect(pieces.size).toBeGreaterThan(50);
      expect(Math.min(...pieces)).toBeLessThan(4);
    }),
  );

  test(
    'overwrites a slice as soon as the callback returns, so that keeping it is found',
    simulated(() => {
      const kept: Uint8Array[] = [];
      const { world, probe } = connected(1, () => ({ ...silent(), bytes: (slice) => kept.push(slice) }));
      probe.connection!.write([new Uint8Array([1, 2, 3])]);
      world.run();
      expect(kept.flatMap((slice) => [...slice])).toEqual([0xdd, 0xdd, 0xdd]);
    }),
  );

  test(
    'finds bytes that change between write and release, and overwrites a pool’s buffers when they come back',
    simulated(() => {
      const first = connected(1);
      const chunk = new Uint8Array([1, 2, 3]);
      first.probe.connection!.write([chunk]);
      chunk[1] = 9;
      expect(() => first.world.run()).toThrow('changed before they were released');

      const second = connected(2);
      const pooled = new Uint8Array([1, 2, 3]);
      second.world.network.core.ownsChunk = (candidate) => candidate === pooled;
      const seen: number[][] = [];
      second.probe.connection!.write([pooled], () => seen.push([...pooled]));
      expect(seen).toEqual([]);
      second.world.run();
      expect(seen).toEqual([[0xdd, 0xdd, 0xdd]]);
      expect(second.probe.received).toEqual([1, 2, 3]);
    }),
  );

  test(
    'holds a writer back when the reader pauses, and drains when it resumes',
    simulated(() => {
      const served: Connection[] = [];
      const receivedBytes = { count: 0 };
      const { world, probe } = connected(3, (connection) => {
        served.push(connection);
        return { ...silent(), bytes: (slice) => (receivedBytes.count += slice.length) };
      });
      world.run();
      served[0]!.pauseReading();
      let writtenBytes = 0;
      const write = (): boolean => {
        writtenBytes += 8192;
        return probe.connection!.write([new Uint8Array(8192)]);
      };
      while (probe.connection!.bufferedBytes === 0 && writtenBytes < 10_000_000) {
        while (write());
        world.run();
      }
      const { drains } = probe;
      expect(probe.connection!.bufferedBytes).toBeGreaterThan(0);
      world.run({ untilMs: world.nowMs + 10_000 });
      expect(receivedBytes.count).toBe(0);
      expect(probe.drains).toBe(drains);
      served[0]!.resumeReading();
      world.run();
      expect(receivedBytes.count).toBe(writtenBytes);
      expect(probe.drains).toBe(drains + 1);
      expect(probe.connection!.bufferedBytes).toBe(0);
    }),
  );

  test(
    'tells why a connection could not be made',
    simulated(() => {
      const { world } = connected(4);
      const s = world.host('s');
      const dial = (host: string, port: number, timeoutMs = 1000): ConnectFailure | Connection | null => {
        const probe = new Probe();
        world.network.dial(world.owner, host, port, probe, probe.done, timeoutMs);
        world.run({ until: () => probe.result !== null });
        return probe.result;
      };
      expect(dial('s', 1)).toBe('refused');
      expect(dial('nowhere', PORT)).toBe('unresolved');
      world.network.forgetName('s');
      expect(dial('s', PORT)).toBe('unresolved');
      world.network.rememberName('s');
      world.network.refuse('s', PORT);
      expect(dial('s', PORT)).toBe('refused');
      world.network.allow('s', PORT);
      world.network.cut('outside', 's', true);
      const before = world.nowMs;
      expect(dial('s', PORT, 700)).toBe('timeout');
      expect(world.nowMs - before).toBeCloseTo(700);
      world.network.healAll();
      world.network.outside.maxConnections = world.network.outside.connections;
      expect(dial('s', PORT)).toBe('limit');
      world.network.outside.maxConnections = Infinity;
      expect(typeof dial('s', PORT)).toBe('object');
      world.powerLoss(s);
      expect(dial('s', PORT)).toBe('timeout');
      world.powerOn(s);
      expect(dial('s', PORT)).toBe('refused');
    }),
  );

  test(
    'an attempt survives a short cut, since the first packet is sent again',
    simulated(() => {
      const { world } = connected(5);
      const probe = new Probe();
      world.network.cut('outside', 's');
      world.network.dial(world.owner, 's', PORT, probe, probe.done, 10_000);
      world.run({ untilMs: world.nowMs + 500 });
      world.network.healAll();
      world.run({ until: () => probe.result !== null });
      expect(typeof probe.result).toBe('object');
    }),
  );

  test(
    'what was under way when a link was cut arrives after it has healed',
    simulated(() => {
      const { world, probe } = connected(6);
      world.network.cut('outside', 's');
      probe.connection!.write([new Uint8Array([7])]);
      world.run({ untilMs: world.nowMs + 60_000 });
      expect(probe.received).toEqual([]);
      world.network.heal('outside', 's');
      world.run();
      expect(probe.received).toEqual([7]);
    }),
  );

  test(
    'bytes that are on their way when a link is cut do not pass it, however the cut and its end fall',
    simulated(() => {
      for (let seed = 0; seed < 50; seed++) {
        const { world, probe } = connected(seed);
        world.network.setDelay('outside', 's', [5, 5]);
        probe.connection!.write([new Uint8Array([7])]);
        world.run({ untilMs: world.nowMs + 1 });
        world.network.cut('outside', 's');
        world.run({ untilMs: world.nowMs + world.random('test').spread(0, 100) });
        expect(probe.received).toEqual([]);
        world.network.heal('outside', 's');
        world.run();
        expect(probe.received).toEqual([7]);
      }
    }),
  );

  test(
    'a one-way cut lets the other direction pass',
    simulated(() => {
      const served: Connection[] = [];
      const seen: number[] = [];
      const { world, probe } = connected(7, (connection) => {
        served.push(connection);
        return { ...silent(), bytes: (slice) => seen.push(...slice) };
      });
      world.run();
      world.network.cut('s', 'outside', true);
      served[0]!.write([new Uint8Array([1])]);
      probe.connection!.write([new Uint8Array([2])]);
      world.run({ untilMs: world.nowMs + 1000 });
      expect(seen).toEqual([2]);
      expect(probe.received).toEqual([]);
    }),
  );

  test(
    'accepts while the process is paused; it learns of it when it resumes',
    simulated(() => {
      const { world } = connected(8);
      world.pause('server');
      const probe = new Probe();
      world.network.dial(world.owner, 's', PORT, probe, probe.done);
      world.run({ untilMs: world.nowMs + 100 });
      probe.connection!.write([new Uint8Array([5])]);
      world.run({ untilMs: world.nowMs + 10_000 });
      expect(probe.received).toEqual([]);
      world.resume('server');
      world.run();
      expect(probe.received).toEqual([5]);
    }),
  );
});

describe('the end of a connection', () => {
  test(
    'end() sends what is queued first; a peer that does not know `ended` closes',
    simulated(() => {
      const reasons: CloseReason[] = [];
      const seen: number[] = [];
      const { world, probe } = connected(1, () => ({
        bytes: (slice) => seen.push(...slice),
        drain: () => {},
        closed: (reason) => reasons.push(reason),
      }));
      probe.connection!.write([new Uint8Array([1, 2])]);
      probe.connection!.end();
      world.run();
      expect(seen).toEqual([1, 2]);
      expect(reasons).toEqual(['fin']);
      expect(probe.closedBy).toBe('fin');
      expect(world.network.liveConnections).toBe(0);
    }),
  );

  test(
    'a peer that knows `ended` answers late',
    simulated(() => {
      const { world, probe } = connected(2, (connection) => ({
        ...silent(),
        ended: () => {
          connection.write([new Uint8Array([9])]);
          connection.end();
        },
      }));
      probe.connection!.end();
      world.run();
      expect(probe.received).toEqual([9]);
      expect(probe.closedBy).toBe('fin');
    }),
  );

  test(
    'destroy() tells its owner `local`, later, and the peer `fin` or `reset`; each write is released once',
    simulated(() => {
      const reasons = new Set<CloseReason>();
      for (let seed = 0; seed < 30; seed++) {
        const released = [0, 0, 0];
        const { world, probe } = connected(seed, (connection) => ({
          ...silent(),
          bytes: () => void connection.write([new Uint8Array(10)]),
          closed: (reason) => reasons.add(reason),
        }));
        probe.connection!.write([new Uint8Array(1_000_000)], () => released[0]!++);
        probe.connection!.write([new Uint8Array(10)], () => released[1]!++);
        world.run({ untilMs: world.nowMs + 0.2 });
        probe.connection!.destroy();
        expect(probe.closedBy).toBeNull();
        probe.connection!.write([new Uint8Array(10)], () => released[2]!++);
        world.run();
        expect(probe.closedBy).toBe('local');
        expect(released).toEqual([1, 1, 1]);
        expect(world.network.liveConnections).toBe(0);
      }
      expect([...reasons].sort()).toEqual(['fin', 'reset']);
    }),
  );

  test(
    'a reset is told to both ends',
    simulated(() => {
      const reasons: CloseReason[] = [];
      const { world, probe } = connected(3, () => ({ ...silent(), closed: (reason) => reasons.push(reason) }));
      world.run();
      expect(world.network.reset('outside', 's')).toBeGreaterThan(0);
      world.run();
      expect(probe.closedBy).toBe('reset');
      expect(reasons).toEqual(['reset']);
    }),
  );

  test(
    'a killed process closes late, and its port is refused only then',
    simulated(() => {
      const { world, probe } = connected(4);
      world.kill('server');
      const killedAtMs = world.nowMs;
      world.run({ until: () => probe.closedBy !== null });
      expect(world.nowMs).toBeGreaterThan(killedAtMs);
      const next = new Probe();
      world.network.dial(world.owner, 's', PORT, next, next.done);
      world.run({ until: () => next.result !== null });
      expect(next.result).toBe('refused');
      world.start(world.host('s'), 'server', (env) => echoServer(env));
      world.run();
      expect(world.running('server').process.state).toBe('running');
    }),
  );

  test(
    'what the kernel had accepted of a killed process still arrives',
    simulated(() => {
      const lengths = new Set<number>();
      for (let seed = 0; seed < 40; seed++) {
        const served: Connection[] = [];
        const { world, probe } = connected(seed, (connection) => {
          served.push(connection);
          return silent();
        });
        world.run();
        served[0]!.write([new Uint8Array(1_000_000).fill(3)]);
        world.kill('server');
        world.run();
        expect(probe.closedBy).toBe('fin');
        lengths.add(probe.received.length);
      }
      expect(lengths).toContain(0);
      expect([...lengths].some((length) => length > 0 && length < 1_000_000)).toBe(true);
    }),
  );

  test(
    'a machine without power says nothing; when it is back it resets',
    simulated(() => {
      const { world, probe } = connected(5);
      world.powerLoss(world.host('s'));
      probe.connection!.write([new Uint8Array([1])]);
      world.run({ untilMs: world.nowMs + 60_000 });
      expect(probe.closedBy).toBeNull();
      world.powerOn(world.host('s'));
      world.run();
      expect(probe.closedBy).toBe('reset');
    }),
  );

  test(
    'an end behind unread bytes is not told while reading is paused',
    simulated(() => {
      const { world, probe } = connected(6);
      probe.connection!.pauseReading();
      probe.connection!.write([new Uint8Array([1])]);
      world.run();
      world.kill('server');
      world.run();
      expect(probe.closedBy).toBeNull();
      probe.connection!.resumeReading();
      world.run();
      expect(probe.received).toEqual([1]);
      expect(probe.closedBy).toBe('fin');
    }),
  );
});

describe('listening', () => {
  test(
    'a taken port is refused, port 0 finds a free one, a closed listener frees its port',
    simulated(() => {
      const world = new SimWorld({ seed: 1 });
      const seen: string[] = [];
      world.start(world.host('s'), 'server', async (env) => {
        const listen = (port: number) => env.network.listen('', port, silent, () => {});
        const first = await listen(PORT);
        await listen(PORT).catch((error: unknown) => seen.push(error instanceof BindError ? error.code : 'another error'));
        const free = await listen(0);
        seen.push(String(free.port > 1024 && free.port !== PORT));
        await first.close();
        await listen(PORT);
        seen.push('again');
      });
      world.run();
      expect(seen).toEqual(['EADDRINUSE', 'true', 'again']);
    }),
  );
});

describe('determinism', () => {
  /** Clients that echo through two servers, while the world kills, cuts and resets by its seed. */
  function chaos(seed: number): string {
    const world = new SimWorld({ seed });
    const random = world.random('nemesis');
    const names = ['a', 'b'];
    const start = (name: string): void => void world.start(world.host(name), name, (env) => echoServer(env));
    names.forEach(start);
    let received = 0;
    const client = (index: number): void => {
      const events: ConnectionEvents = {
        bytes: (slice) => {
          received += slice.length;
        },
        drain: () => {},
        closed: () => world.scheduler.at(5, world.owner, () => client(index)),
      };
      world.network.dial(world.owner, random.pick(names), PORT, events, (result) => {
        if (typeof result === 'string') world.scheduler.at(10, world.owner, () => client(index));
        else for (let i = 0; i < 5; i++) result.write([new Uint8Array(random.between(1, 500)).fill(index)]);
      });
    };
    [1, 2, 3].forEach(client);
    const faults = [
      () => world.network.reset('outside', random.pick(names)),
      () => world.network.cut('outside', random.pick(names)),
      () => world.network.healAll(),
      () => {
        const name = random.pick(names);
        world.kill(name);
        world.scheduler.at(300, world.owner, () => start(name));
      },
    ];
    const nemesis = (): void => {
      const name = names.find((candidate) => world.running(candidate).process.isDead);
      if (name === undefined) random.pick(faults)();
      world.scheduler.at(random.spread(1, 50), world.owner, nemesis);
    };
    nemesis();
    world.run({ untilMs: 500 });
    return `${world.trace.hash} ${received} ${world.scheduler.executed}`;
  }

  test(
    'two hundred seeds give the same trace twice, and different ones from each other',
    simulated(() => {
      const traces = Array.from({ length: 200 }, (_, seed) => chaos(seed));
      expect(Array.from({ length: 200 }, (_, seed) => chaos(seed))).toEqual(traces);
      expect(new Set(traces).size).toBe(200);
    }),
  );

  test(
    'an idle world costs nothing',
    simulated(() => {
      const { world } = connected(1);
      world.run();
      const before = world.scheduler.executed;
      world.run({ untilMs: world.nowMs + 3_600_000 });
      expect(world.scheduler.executed).toBe(before);
      expect(world.scheduler.pending).toBe(0);
    }),
  );
});
