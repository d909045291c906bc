/**
 * A partition's log through appends, flushes, truncations, retention, clean stops, kills, losses of power and disks that
 * fail. After each life the log must hold what it promised (I1, I8, I9, I30, I33), what it calls flushed must be on the
 * platter after every event (belief check), and a retried batch must be recognised (I20).
 */

import type { Env } from '../../../log/env';
import { DirectoryLocks } from '../../../log/directory-locks';
import { LogManager } from '../../../log/log-manager';
import type { PartitionLog } from '../../../log/partition-log';
import { BatchView } from '../../../wire/record/batch';
import { encodeBatch } from '../../../wire/record/records';
import { killIn, type Play, type Played, type Scenario, type Step } from '../harness/scenario';
import type { SimRandom } from '../random';
import { SimViolation } from '../violation';
import { SimWorld } from '../world';
import { GAP, LogGhost } from './log-ghost';
import type { GhostRecord } from './log-ghost';
import { durableLog, LOG_DIRECTORY, logConfig, managerSettings, PARTITION, PRODUCERS, readLog, TOPIC_ID } from './log-inspection';

const HOST = 'a';
const PROCESS = 'broker';
/** What a life may take of virtual time. */
const MAX_LIFE_MS = 600_000;

/** Steps that end a life. */
const ENDINGS = new Set(['close', 'kill', 'power']);
/** Steps that a log is still asked for when its directory has failed. */
const AFTER_FAILURE = new Set([...ENDINGS, 'flush', 'wait', 'checkpoint']);

export const partitionLog: Scenario = {
  name: 'partition-log',
  counters: [
    'append', 'mirrored', 'flush', 'truncate', 'roll', 'retention', 'close', 'kill', 'power', 'refused', 'offline', 'torn tail',
    'recovered', 'clean start', 'duplicate', 'records lost', 'full',
  ],
  plan,
  play: (play) => new LogPlay(play).run(),
};

function plan(random: SimRandom, mood: 'wild' | 'calm'): readonly Step[] {
  const steps: Step[] = [];
  const lives = mood === 'wild' ? random.between(1, 5) : 2;
  for (let life = 0; life < lives; life++) {
    const count = mood === 'wild' ? random.between(1, 40) : random.between(8, 14);
    for (let i = 0; i < count; i++) steps.push(drawStep(random, mood));
    steps.push(drawEnding(random, mood));
  }
  return steps;
}

function drawStep(random: SimRandom, mood: 'wild' | 'calm'): Step {
  const append = (): Step => ({
    kind: 'append',
    gap: random.chance(0.2) ? random.below(8) : -1,
    producer: random.between(-1, PRODUCERS - 1),
    records: random.between(1, 4),
    valueBytes: random.chance(0.1) ? random.between(500, 1500) : random.between(1, 120),
  });
  const steps: readonly (readonly [number, () => Step])[] = [
    [12, append],
    [3, () => ({ kind: 'flush', wait: random.chance(0.6) })],
    [1.5, () => ({ kind: 'truncate', back: random.chance(0.3) ? random.between(20, 100) : random.between(1, 10) })],
    [1, () => ({ kind: 'roll' })],
    [1, () => ({ kind: 'checkpoint' })],
    [1, () => ({ kind: 'deleteRecords', share: random.fraction() })],
    [1, () => ({ kind: 'retention' })],
    [1, () => ({ kind: 'epoch' })],
    [2, () => ({ kind: 'wait', delayMs: random.spread(0, 20) })],
    [mood === 'wild' ? 0.6 : 0, () => ({ kind: 'full', freeBytes: random.below(3000) })],
    [mood === 'wild' ? 0.6 : 0, () => ({ kind: 'room' })],
    [mood === 'wild' ? 0.4 : 0, () => ({ kind: 'fault', ...drawFault(random), skip: random.below(6) })],
  ];
  return steps[random.weighted(steps.map(([weight]) => weight))]![1]();
}

const FAULTY = ['write', 'sync', 'read', 'truncate', 'rename', 'unlink', 'open', 'syncDirectory'] as const;

function drawFault(random: SimRandom): { operation: string; code: string } {
  const operation = random.pick(FAULTY);
  const codes = operation === 'open' ? ['EIO', 'EMFILE', 'EMFILE'] : operation === 'write' ? ['EIO', 'ENOSPC'] : ['EIO'];
  return { operation, code: random.pick(codes) };
}

function drawEnding(random: SimRandom, mood: 'wild' | 'calm'): Step {
  const kind = mood === 'calm' ? 'close' : random.pick(['close', 'kill', 'power', 'power']);
  return { kind, power: kind === 'close' && random.chance(0.3) };
}

/** A schedule cut into lives; the last life need not have an ending. */
function livesOf(steps: readonly Step[]): readonly (readonly Step[])[] {
  const lives: Step[][] = [[]];
  for (const step of steps) {
    lives.at(-1)!.push(step);
    if (ENDINGS.has(step.kind)) lives.push([]);
  }
  return lives;
}

class LogPlay {
  private readonly world: SimWorld;
  private readonly ghost = new LogGhost();
  private readonly calls: number[] = [];
  private log: PartitionLog | null = null;
  private manager: LogManager | null = null;
  private epoch = 0;
  private values = 0;
  private readonly idGenerations = new Array<number>(PRODUCERS).fill(0);
  private readonly usedIds = new Set<number>();
  /** A sync failed in this life, or the power went: the page cache is not what was written. */
  private lostCache = false;
  private wasClosed = false;
  private isOver = false;
  private believed = '';

  constructor(private readonly play: Play) {
    this.world = new SimWorld({ seed: play.seed });
  }

  run(): Played {
    const lives = livesOf(this.play.steps);
    lives.forEach((steps, life) => this.live(steps, life));
    this.live([{ kind: 'close', power: false }], lives.length);
    return { calls: this.calls, traceHash: this.world.trace.hash };
  }

  private live(steps: readonly Step[], life: number): void {
    const { world } = this;
    const kill = killIn(this.play.kill, life);
    this.isOver = false;
    this.believed = '';
    if (kill !== null) world.killBeforeCall(PROCESS, kill.beforeCall);
    const running = world.start(world.host(HOST), PROCESS, (env) => this.main(env, steps));
    const endAtMs = world.nowMs + MAX_LIFE_MS;
    const end = world.run({ untilMs: endAtMs, until: () => this.isOver || running.process.isDead, afterEvent: () => this.checkBelief() });
    if (end === 'time' || end === 'idle') throw new SimViolation(`life ${life} hangs (${end}):\n${running.log.text()}`);
    this.calls.push(running.process.callCount);
    const wasKilledByPlan = running.process.killedBefore !== '';
    if (!running.process.isDead) world.kill(PROCESS);
    this.afterLife(steps.at(-1), wasKilledByPlan ? (kill?.ending ?? 'restart') : null);
  }

  private afterLife(ending: Step | undefined, plannedEnd: 'restart' | 'power' | null): void {
    const { world } = this;
    const host = world.host(HOST);
    // After a failed sync the page cache is a fiction that no later sync mends: only a machine that starts anew is honest.
    const hasLostSync = host.disk.paths().some((path) => host.disk.hasLostSync(path));
    this.log = null;
    this.manager = null;
    host.disk.faults.clear();
    host.disk.capacityBytes = Infinity;
    const losesPower = plannedEnd === null ? ending?.kind === 'power' || ending?.['power'] === true : plannedEnd === 'power';
    this.play.count(losesPower ? 'power' : plannedEnd === null && ending?.kind === 'close' ? 'close' : 'kill');
    if (!losesPower && !hasLostSync) return;
    world.powerLoss(host);
    world.powerOn(host);
    this.lostCache = true;
  }

  private async main(env: Env, steps: readonly Step[]): Promise<void> {
    const isStarted = await this.start(env);
    for (const step of isStarted ? steps : []) await this.perform(env, step);
    this.isOver = true;
  }

  /** Opens the log and compares it with what must be there. */
  private async start(env: Env): Promise<boolean> {
    const config = logConfig();
    const manager = LogManager.open(env, managerSettings(config), DirectoryLocks.take(env.disk, [LOG_DIRECTORY]));
    await manager.loadAll();
    const log = manager.getOrCreate(PARTITION, TOPIC_ID, config);
    if (this.world.running(PROCESS).process.isDead) return false;
    log.setHighWatermark(log.logEndOffset);
    const wasClean = manager.directoryList[0]?.wasCleanlyStopped === true;
    if (wasClean && !this.wasClosed) throw new SimViolation('a start believes in a clean stop that was none');
    this.play.count(wasClean ? 'clean start' : 'recovered');
    if (manager.counters.tornTails > 0) this.play.count('torn tail');
    this.compare(log);
    this.manager = manager;
    this.log = log;
    this.lostCache = false;
    this.wasClosed = false;
    this.checkProducers(log);
    return true;
  }

  private compare(log: PartitionLog): void {
    const recovered = readLog(log);
    const objection = this.ghost.objection(recovered, this.lostCache);
    if (objection !== null) throw new SimViolation(objection);
    if (log.logEndOffset < this.ghost.now.length) this.play.count('records lost');
    this.ghost.adopt(recovered);
    this.epoch = Math.max(this.epoch, log.latestEpoch, 0) + 1;
    log.beginLeaderEpoch(this.epoch);
  }

  /** Of each producer the last batch that is there is a duplicate when it comes again, and the next one is not. */
  private checkProducers(log: PartitionLog): void {
    for (const last of readLog(log).lastBatches.values()) {
      const outcome = log.append(last.bytes.slice(), this.epoch, 'client');
      if (outcome.status !== 'duplicate' || outcome.baseOffset !== last.baseOffset) {
        throw new SimViolation(`a retry of the batch at ${last.baseOffset} gave ${JSON.stringify(outcome)}`);
      }
      this.play.count('duplicate');
    }
  }

  private async perform(env: Env, step: Step): Promise<void> {
    const { log, manager } = this;
    if (log === null || manager === null || this.world.running(PROCESS).process.isDead) return;
    // After a failure the ghost stands still: how much of the failed call was done is open until the next start.
    const { isOffline } = log.directoryState;
    if (isOffline && !AFTER_FAILURE.has(step.kind)) return;
    try {
      await this.act(env, log, manager, step);
      if (!isOffline && !this.world.running(PROCESS).process.isDead) this.ghost.done();
    } catch (error) {
      if ((error as { name?: unknown } | null)?.name !== 'LogStorageError') throw error;
      this.refused(log, step);
    }
  }

  private refused(log: PartitionLog, step: Step): void {
    if (log.directoryState.isOffline) return this.play.count('offline');
    this.play.count('refused');
    const end = log.logEndOffset;
    if (end === this.ghost.now.length) this.ghost.refused();
    else if (step.kind === 'truncate' && end === this.ghost.next?.length) this.ghost.done();
    else throw new SimViolation(`a refused ${step.kind} moved the end to ${end}`);
  }

  private async act(env: Env, log: PartitionLog, manager: LogManager, step: Step): Promise<void> {
    const { disk } = this.world.host(HOST);
    switch (step.kind) {
      case 'append':
        return this.append(env, log, step);
      case 'flush':
        return this.flush(log, step['wait'] === true);
      case 'truncate':
        return this.truncate(log, Number(step['back']));
      case 'roll':
        log.rollIfNotEmpty();
        return this.play.count('roll');
      case 'checkpoint':
        manager.writeRecoveryPoints();
        return manager.writeHighWatermarks();
      case 'deleteRecords':
        return this.deleteRecords(log, manager, Number(step['share']));
      case 'retention':
        log.setHighWatermark(log.logEndOffset);
        // How far it goes is the log's affair; nothing is left of it but the active segment at most.
        this.ghost.nextStartOffset = log.logEndOffset;
        if (log.segments.length > 1) this.play.count('retention');
        return manager.applyRetention();
      case 'epoch':
        return log.beginLeaderEpoch(++this.epoch);
      case 'wait':
        return new Promise((resolve) => void env.timers.set(Number(step['delayMs']), resolve));
      case 'full':
        disk.capacityBytes = disk.usedBytes + Number(step['freeBytes']);
        return this.play.count('full');
      case 'room':
        disk.capacityBytes = Infinity;
        return new Promise((resolve) => void env.timers.set(250, resolve));
      case 'fault':
        disk.faults.add({ operation: step['operation'] as never, code: step['code'] as never, skip: Number(step['skip']) });
        return;
      case 'close':
        return this.close(manager);
      default:
        this.isOver = true;
    }
  }

  private append(env: Env, log: PartitionLog, step: Step): void {
    const { producerId, sequence } = this.drawSequence(Number(step['producer']));
    const records: GhostRecord[] = Array.from({ length: Number(step['records']) }, (_, index) => ({
      value: `${this.values++}:`.padEnd(Number(step['valueBytes']), '.'),
      epoch: this.epoch,
      producerId,
      sequence: sequence + index,
    }));
    const bytes = encodeBatch(
      {
        records: records.map(({ value }) => ({ key: null, value: Buffer.from(value), timestampMs: env.clock.wallMs() })),
        ...(producerId < 0 ? {} : { producerId, producerEpoch: 0, baseSequence: sequence }),
      },
      env.crc32c,
    );
    // A mirror's batches come with their offsets, behind those that it left out.
    const gap = Math.max(-1, Number(step['gap'] ?? -1));
    this.ghost.appending([...Array<GhostRecord>(Math.max(0, gap)).fill(GAP), ...records]);
    const baseOffset = this.ghost.now.length + Math.max(0, gap);
    if (gap >= 0) new BatchView(bytes).setBaseOffset(baseOffset);
    const outcome = log.append(bytes, this.epoch, gap >= 0 ? 'mirror' : 'client');
    if (this.world.running(PROCESS).process.isDead) return;
    if (outcome.status !== 'appended' || outcome.baseOffset !== baseOffset) {
      throw new SimViolation(`an append at ${baseOffset} gave ${JSON.stringify(outcome)}`);
    }
    log.setHighWatermark(log.logEndOffset);
    this.play.count(gap >= 0 ? 'mirrored' : 'append');
  }

  /** A producer whose records are out of sight goes on under another id. */
  private drawSequence(producer: number): { producerId: number; sequence: number } {
    if (producer < 0) return { producerId: -1, sequence: 0 };
    for (;;) {
      const producerId = this.idGenerations[producer]! * PRODUCERS + producer;
      const sequence = this.usedIds.has(producerId) ? this.ghost.nextSequence(producerId) : 0;
      this.usedIds.add(producerId);
      if (sequence >= 0) return { producerId, sequence };
      this.idGenerations[producer]!++;
    }
  }

  private flush(log: PartitionLog, wait: boolean): Promise<void> | void {
    const flushed = new Promise<void>((resolve) => {
      log.flush((error) => {
        if (error === null) this.play.count('flush');
        resolve();
      });
    });
    return wait ? flushed : undefined;
  }

  private truncate(log: PartitionLog, back: number): void {
    let offset = this.batchStart(log, Math.max(log.logStartOffset, log.logEndOffset - back));
    // A log that ends with a gap ends before it after a restart.
    while (offset > log.logStartOffset && this.ghost.now[offset - 1] === GAP) offset--;
    if (this.ghost.now[offset - 1] === GAP) return;
    this.ghost.truncating(offset);
    log.truncateTo(offset);
    if (this.world.running(PROCESS).process.isDead) return;
    this.ghost.done();
    // A truncation comes with a new leader.
    log.beginLeaderEpoch(++this.epoch);
    this.play.count('truncate');
  }

  /** Where replicas part is always where a batch begins. */
  private batchStart(log: PartitionLog, offset: number): number {
    return readLog(log).batchStarts.filter((start) => start >= log.logStartOffset && start <= offset).at(-1) ?? log.logEndOffset;
  }

  private deleteRecords(log: PartitionLog, manager: LogManager, share: number): void {
    const offset = log.logStartOffset + Math.floor((log.logEndOffset - log.logStartOffset) * share);
    log.setHighWatermark(log.logEndOffset);
    this.ghost.nextStartOffset = Math.max(this.ghost.nextStartOffset, offset);
    log.advanceLogStart(offset);
    manager.writeLogStarts();
  }

  private async close(manager: LogManager): Promise<void> {
    this.wasClosed = true;
    await manager.close(1);
    this.isOver = true;
  }

  /** What the log calls flushed is on the platter, by name and content. */
  private checkBelief(): void {
    const { log, ghost } = this;
    if (log === null || this.world.running(PROCESS).process.isDead) return;
    ghost.startOffset = log.logStartOffset;
    ghost.nextStartOffset = Math.max(ghost.nextStartOffset, log.logStartOffset);
    ghost.flushedOffset = log.flushedOffset;
    const belief = `${log.flushedOffset} ${log.generation} ${log.logStartOffset} ${log.directoryState.isOffline}`;
    if (belief === this.believed || ghost.next !== null) return;
    this.believed = belief;
    if (log.directoryState.isOffline) return;
    const durable = durableLog(this.world.host(HOST).disk, log.directory);
    for (let offset = log.logStartOffset; offset < log.flushedOffset; offset++) {
      const expected = ghost.now[offset];
      if (expected === GAP) continue;
      const found = durable.get(offset);
      if (found !== undefined && found.value === expected?.value && found.epoch === expected.epoch) continue;
      throw new SimViolation(`the log calls ${log.flushedOffset} flushed, but the platter has ${found?.value ?? 'nothing'} at ${offset}`);
    }
  }
}
