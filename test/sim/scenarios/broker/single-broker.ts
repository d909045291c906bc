/**
 * One broker, started from its ports alone, under clients that produce, fetch and commit, while it is killed, paused, stopped,
 * cut off, and loses power. What it acknowledged is there afterwards: over kill -9 always, over loss of power in the mode that
 * flushes before it answers.
 */

import { startBrokerNode } from '../../../../src/broker';
import type { RunningBroker } from '../../../../src/running-broker';
import { killIn, type Play, type Played, type Scenario, type Step } from '../../harness/scenario';
import type { DiskOperation } from '../../disk-faults';
import type { SimProcess } from '../../process';
import type { SimRandom } from '../../random';
import { SimViolation } from '../../violation';
import { SimWorld } from '../../world';
import { BROKER_HOST, BROKER_PORT, DIRECTORIES, singleBrokerConfig } from './broker-config';
import { BrokerGhost } from './broker-ghost';
import {
  checkCommitted,
  commit,
  createTopic,
  fetchFrom,
  findCoordinator,
  IdempotentProducer,
  moveReplica,
  PARTITIONS,
  readWhole,
  sendOnce,
  untilNothingMoves,
} from './broker-workload';
import { SimClient } from './sim-client';

const PROCESS = 'broker';
const CLIENTS = 'clients';
const IDEMPOTENT = 2;
const MAX_PLAY_MS = 300_000;

export const singleBroker: Scenario = {
  name: 'single-broker',
  counters: ['acked', 'retry', 'fetched', 'commit', 'move', 'kill', 'power', 'stop', 'pause', 'cut', 'reset', 'full', 'disk failed', 'flushed mode', 'cached mode', 'lost to power'],
  plan,
  play: (play) => new BrokerPlay(play).run(),
};

function plan(random: SimRandom, mood: 'wild' | 'calm'): readonly Step[] {
  const flush = random.chance(0.6);
  const count = mood === 'wild' ? random.between(5, 40) : random.between(6, 9);
  const steps = Array.from({ length: count }, () => drawStep(random, mood));
  return [{ kind: 'mode', flush, directories: random.between(1, DIRECTORIES.length) }, ...steps, ...(mood === 'calm' ? [{ kind: 'stop', downMs: 10 }] : [])];
}

function drawStep(random: SimRandom, mood: 'wild' | 'calm'): Step {
  const partition = random.below(PARTITIONS);
  const faults = mood === 'wild' ? 1 : 0;
  const steps: readonly (readonly [number, () => Step])[] = [
    [8, () => ({ kind: 'send', producer: random.below(IDEMPOTENT + 1), partition, records: random.between(1, 5), valueBytes: random.between(1, 200), wait: random.chance(0.4) })],
    [3, () => ({ kind: 'fetch', partition, maxWaitMs: random.pick([0, 0, 50]) })],
    [2, () => ({ kind: 'commit', partition })],
    [2, () => ({ kind: 'move', partition, path: random.pick(DIRECTORIES) })],
    [2, () => ({ kind: 'wait', delayMs: random.spread(0, 100) })],
    [1.5 * faults, () => ({ kind: 'kill', downMs: random.spread(1, 300) })],
    [1.5 * faults, () => ({ kind: 'power', downMs: random.spread(1, 300) })],
    [0.7 * faults, () => ({ kind: 'stop', downMs: random.spread(1, 300) })],
    [0.5 * faults, () => ({ kind: 'pause', delayMs: random.spread(10, 4_000) })],
    [0.5 * faults, () => ({ kind: 'cut', delayMs: random.spread(10, 1_000) })],
    [1 * faults, () => ({ kind: 'reset' })],
    [0.5 * faults, () => ({ kind: 'full', freeBytes: random.pick([0, 3_000, 1_000_000, 5_000_000]), delayMs: random.spread(10, 1_000) })],
    [0.5 * faults, () => ({ kind: 'fault', operation: random.pick(FAULTY), skip: random.below(10) })],
  ];
  return steps[random.weighted(steps.map(([weight]) => weight))]![1]();
}

const FAULTY = ['write', 'sync', 'read', 'truncate', 'rename', 'open', 'syncDirectory'] as const;

class BrokerPlay {
  private readonly world: SimWorld;
  private readonly ghost: BrokerGhost;
  private readonly isFlushed: boolean;
  private readonly directories: readonly string[];
  private readonly calls: number[] = [];
  private readonly positions = new Array<number>(PARTITIONS).fill(0);
  private values = 0;
  private life = -1;
  private broker: RunningBroker | null = null;
  private isOver = false;
  /** The disk of this life's broker has been tampered with: it may end by itself. */
  private mayFail = false;
  private isStopping = false;
  private readonly producers: IdempotentProducer[] = [];

  constructor(private readonly play: Play) {
    this.world = new SimWorld({ seed: play.seed });
    this.ghost = new BrokerGhost((violation) => this.world.report(violation));
    const mode = play.steps.find((step) => step.kind === 'mode');
    this.isFlushed = mode?.['flush'] === true;
    this.directories = DIRECTORIES.slice(0, Number(mode?.['directories'] ?? 1));
  }

  run(): Played {
    const { world } = this;
    this.play.count(this.isFlushed ? 'flushed mode' : 'cached mode');
    this.startBroker();
    world.start(world.host(CLIENTS), CLIENTS, async (env) => {
      for (let sender = 0; sender < IDEMPOTENT; sender++) this.producers.push(new IdempotentProducer(env, this.ghost, sender, (counter) => this.play.count(counter)));
      const client = new SimClient(env, BROKER_HOST, BROKER_PORT, 'client');
      await createTopic(client, this.ghost);
      await findCoordinator(client, this.ghost);
      for (const step of this.play.steps) await this.perform(client, env, step);
      await this.finish(client);
      this.isOver = true;
    });
    const end = world.run({ until: () => this.isOver, untilMs: MAX_PLAY_MS });
    if (end !== 'met') throw new SimViolation(`the play hangs (${end}):\n${world.running(PROCESS).log.text()}`);
    this.calls[this.life] = world.callCount(PROCESS);
    return { calls: this.calls, traceHash: world.trace.hash };
  }

  private startBroker(): void {
    const { world } = this;
    this.life++;
    const kill = killIn(this.play.kill, this.life);
    this.broker = null;
    this.isStopping = false;
    // After a failed sync the page cache is a fiction that no later sync mends: only a machine that starts anew is honest.
    const { disk } = world.host(BROKER_HOST);
    if (disk.paths().some((path) => disk.hasLostSync(path))) this.losePower();
    this.mayFail = disk.capacityBytes < Infinity || disk.faults.isArmed;
    if (kill !== null) world.killBeforeCall(PROCESS, kill.beforeCall);
    const running = world.start(world.host(BROKER_HOST), PROCESS, async (env) => {
      try {
        const broker = await startBrokerNode(env, singleBrokerConfig(this.isFlushed, this.directories));
        this.broker = broker;
        await broker.closed;
        if (!this.isStopping) this.ghost.violate('a broker that nobody stopped says that it was closed as asked');
      } catch (error) {
        if (!this.mayFail) throw error;
        env.process.exit(1, String(error));
      }
    });
    const { life } = this;
    running.process.onEnd(() => this.brokerEnded(life, running.process));
  }

  /** Killed by the plan, or given up by itself. Whoever else ends it starts it again himself. */
  private brokerEnded(life: number, process: SimProcess): void {
    this.calls[life] = this.world.callCount(PROCESS);
    const isPlanned = process.killedBefore !== '';
    const hasGivenUp = process.state === 'exited';
    if (hasGivenUp) this.play.count('disk failed');
    this.world.host(BROKER_HOST).disk.faults.clear();
    if (!isPlanned && !hasGivenUp) return;
    this.world.scheduler.at(50, this.world.owner, () => {
      if (isPlanned && killIn(this.play.kill, life)?.ending === 'power') this.losePower();
      this.startBroker();
    });
  }

  private losePower(): void {
    const host = this.world.host(BROKER_HOST);
    this.world.powerLoss(host);
    this.world.powerOn(host);
    this.play.count('power');
    if (this.isFlushed) return;
    this.play.count('lost to power');
    this.ghost.forget();
    this.positions.fill(0);
    for (const producer of this.producers) producer.startAnew();
  }

  private async perform(client: SimClient, env: Parameters<typeof sendOnce>[1], step: Step): Promise<void> {
    const partition = Number(step['partition'] ?? 0);
    switch (step.kind) {
      case 'send':
        return this.send(client, env, partition, step);
      case 'fetch':
        return this.fetch(client, partition, Number(step['maxWaitMs']));
      case 'commit':
        return commit(client, this.ghost, partition, this.positions[partition]!, (counter) => this.play.count(counter));
      case 'move':
        return this.move(client, partition, String(step['path']));
      case 'wait':
        return client.pause(Number(step['delayMs']));
      case 'kill':
      case 'power':
        return this.kill(client, step);
      case 'stop':
        return this.stop(client, Number(step['downMs']));
      case 'pause':
      case 'cut':
        return this.disturb(client, step);
      case 'reset':
        this.world.network.reset(CLIENTS, BROKER_HOST);
        return this.play.count('reset');
      case 'full':
      case 'fault':
        return this.spoilDisk(step);
      default:
    }
  }

  private async send(client: SimClient, env: Parameters<typeof sendOnce>[1], partition: number, step: Step): Promise<void> {
    const values = Array.from({ length: Number(step['records']) }, () => `${this.values++}:`.padEnd(Number(step['valueBytes']), '.'));
    const producer = this.producers[Number(step['producer'])];
    if (producer === undefined) return sendOnce(client, env, this.ghost, partition, values, IDEMPOTENT);
    const sent = producer.send(partition, values);
    // What goes wrong is reported as well as thrown; nobody else waits for this one.
    sent.catch(() => undefined);
    if (step['wait'] === true) await sent;
  }

  private async fetch(client: SimClient, partition: number, maxWaitMs: number): Promise<void> {
    const fetched = await fetchFrom(client, this.ghost, partition, this.positions[partition]!, maxWaitMs);
    const last = fetched?.records.at(-1);
    if (last === undefined) return;
    this.positions[partition] = last.offset + 1;
    this.play.count('fetched');
  }

  private async move(client: SimClient, partition: number, path: string): Promise<void> {
    if (this.directories.length > 1 && (await moveReplica(client, partition, path))) this.play.count('move');
  }

  private async kill(client: SimClient, step: Step): Promise<void> {
    const { process } = this.world.running(PROCESS);
    // It has ended by itself, and comes back by itself.
    if (process.isDead) return;
    this.world.kill(PROCESS);
    this.play.count('kill');
    if (step.kind === 'power') this.losePower();
    await client.pause(Number(step['downMs']));
    this.startBroker();
  }

  private async stop(client: SimClient, downMs: number): Promise<void> {
    while (this.broker === null) await client.pause(10);
    const { process } = this.world.running(PROCESS);
    const life = this.life;
    let hasStopped = false;
    this.isStopping = true;
    void this.broker.stop().then(() => (hasStopped = true));
    while (!hasStopped && !process.isDead) await client.pause(10);
    if (process.isDead || this.life !== life) return;
    this.world.kill(PROCESS);
    this.play.count('stop');
    await client.pause(downMs);
    this.startBroker();
  }

  private async disturb(client: SimClient, step: Step): Promise<void> {
    const { world } = this;
    if (step.kind === 'pause') world.pause(PROCESS);
    else world.network.cut(CLIENTS, BROKER_HOST);
    await client.pause(Number(step['delayMs']));
    if (step.kind === 'pause') world.resume(PROCESS);
    else world.network.healAll();
    this.play.count(step.kind);
  }

  private spoilDisk(step: Step): void {
    const { disk } = this.world.host(BROKER_HOST);
    // A broker that has another directory left goes on, and nobody starts it again for the one that has failed. A future log
    // that finds no space takes its directory offline, too.
    if (this.directories.length > 1) return;
    this.mayFail = true;
    this.play.count(step.kind);
    if (step.kind === 'fault') {
      disk.faults.add({ operation: step['operation'] as DiskOperation, code: 'EIO', skip: Number(step['skip']) });
      return;
    }
    disk.capacityBytes = disk.usedBytes + Number(step['freeBytes']);
    this.world.scheduler.at(Number(step['delayMs']), this.world.owner, () => {
      disk.capacityBytes = Infinity;
    });
  }

  /** Everything is acknowledged in the end, and everything is there. */
  private async finish(client: SimClient): Promise<void> {
    while (this.producers.some((producer) => producer.waiting > 0)) await client.pause(50);
    if (this.directories.length > 1) await untilNothingMoves(client, this.ghost);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      this.ghost.checkWhole(partition, await readWhole(client, this.ghost, partition));
      await checkCommitted(client, this.ghost, partition);
    }
    client.close();
  }
}
