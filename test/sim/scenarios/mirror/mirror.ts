/**
 * Two clusters and a mirror between them, of one process or two that share the work, all from their ports alone. Producers
 * write to A, a group commits there, while brokers and mirrors are killed, paused, cut off and stopped, records expire and a
 * topic is deleted and made again. In the end all runs again, and B must hold what A was given.
 */

import { alterGroupOffsets, committedOffsets } from '../../../../wire/group-admin';
import { ErrorCode } from '../../../../wire/base/error-codes';
import type { Logger } from '../../../../wire/base/env';
import { ServerError } from '../../../../wire/broker-link';
import { startMirror, type Mirror } from '../../../../mirror/mirror';
import { startBrokerNode } from '../../../../src/broker';
import { killIn, type Play, type Played, type Scenario, type Step } from '../../harness/scenario';
import { PoisonMemory } from '../../../mirror/support/poison-memory';
import { SimViolation } from '../../violation';
import { SimWorld } from '../../world';
import { PatientClient } from './mirror-clients';
import { brokerConfig, CLUSTERS, GROUP, KEPT, OPTIONS, PARTITIONS, REMADE, settingsOf, type ClusterName, type MirrorMode } from './mirror-config';
import { MirrorGhost, type SourcePartition } from './mirror-ghost';
import { modeOf, plan } from './mirror-plan';

const CLIENTS = 'clients';
const MAX_PLAY_MS = 900_000;
/** By then everything has been copied that will be: sessions, backoffs and stopped partitions have had their time. */
const CATCH_UP_MS = 90_000;
const CHECKPOINTS_MS = 4_000;
const LOOK_MS = 200;

export const mirror: Scenario = {
  name: 'mirror',
  counters: [
    ...['preserve', 'ordinary', 'two processes', 'sent', 'commit', 'trim', 'gap told', 'remake', 'checkpoint', 'synced group'],
    ...['kill-mirror', 'stop-mirror', 'pause-mirror', 'kill', 'power', 'pause', 'cut', 'reset'],
  ],
  plan,
  play: (play) => new MirrorPlay(play).run(),
};

class MirrorPlay {
  private readonly world: SimWorld;
  private readonly ghost: MirrorGhost;
  private readonly mode: MirrorMode;
  private readonly mirrors: (Mirror | null)[] = [];
  /** Of all mirrors: what is given back is overwritten, and must not be touched. */
  private readonly memories: PoisonMemory[] = [];
  private readonly lives: number[] = [];
  private readonly calls: number[] = [];
  /** The furthest offset that the group has committed, by partition. */
  private readonly furthest: number[] = [];
  private values = 0;
  private remade = 0;
  private isOver = false;

  constructor(private readonly play: Play) {
    this.world = new SimWorld({ seed: play.seed });
    this.ghost = new MirrorGhost((violation) => this.world.report(violation));
    this.mode = modeOf(play.steps);
  }

  run(): Played {
    const { world, mode } = this;
    this.play.count(mode.preserve ? 'preserve' : 'ordinary');
    if (mode.processes > 1) this.play.count('two processes');
    for (const cluster of CLUSTERS) this.startBroker(cluster);
    world.start(world.host(CLIENTS), CLIENTS, async (env) => {
      const [a, b] = [new PatientClient(env, 'a'), new PatientClient(env, 'b')];
      await create(a, KEPT, PARTITIONS);
      await create(a, REMADE, 1);
      for (let process = 0; process < mode.processes; process++) this.startMirror(process);
      await this.begin(a, b);
      for (const step of this.play.steps) await this.perform(a, step);
      await this.finish(a, b);
      this.isOver = true;
    });
    const end = world.run({ until: () => this.isOver, untilMs: MAX_PLAY_MS });
    if (end !== 'met') throw new SimViolation(`the play hangs (${end}):\n${this.logs()}`);
    this.noteCalls(0);
    return { calls: this.calls, traceHash: world.trace.hash };
  }

  private startBroker(cluster: ClusterName): void {
    this.world.start(this.world.host(cluster), brokerOf(cluster), async (env) => {
      const broker = await startBrokerNode(env, brokerConfig(cluster, this.mode));
      await broker.closed;
    });
  }

  private startMirror(process: number): void {
    const { world } = this;
    const name = mirrorOf(process);
    const life = (this.lives[process] = (this.lives[process] ?? -1) + 1);
    const kill = process === 0 ? killIn(this.play.kill, life) : null;
    if (kill !== null) world.killBeforeCall(name, kill.beforeCall);
    const running = world.start(world.host(name), name, (env) => {
      const memory = new PoisonMemory();
      this.memories.push(memory);
      this.mirrors[process] = startMirror({ ...env, memory, logger: this.tapped(env.logger) }, settingsOf(this.mode), OPTIONS);
    });
    running.process.onEnd(() => {
      this.noteCalls(process);
      this.mirrors[process] = null;
      if (running.process.killedBefore === '') return;
      this.ghost.mayDouble = true;
      world.scheduler.at(100, world.owner, () => this.startMirror(process));
    });
  }

  /** Of the process that the enumeration kills. */
  private noteCalls(process: number): void {
    if (process === 0) this.calls[this.lives[0] ?? 0] = this.world.callCount(mirrorOf(0));
  }

  /** What it says of itself is a promise, too. */
  private tapped(logger: Logger): Logger {
    const tell = (message: string): void => this.ghost.told(message);
    return {
      child: (subsystem) => this.tapped(logger.child(subsystem)),
      debug: (message, fields) => logger.debug(message, fields),
      info: (message, fields) => logger.info(message, fields),
      warn: (message, fields) => logger.warn(message, fields),
      error: (message, fields) => {
        tell(message);
        logger.error(message, fields);
      },
    };
  }

  /** A record of each partition is copied: what expires from here on is missed, and told. */
  private async begin(a: PatientClient, b: PatientClient): Promise<void> {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      await this.send(a, KEPT, partition, this.source(partition), { kind: 'send', records: 1 });
      await this.caughtUp(b, partition);
    }
  }

  private async perform(client: PatientClient, step: Step): Promise<void> {
    const partition = Number(step['partition'] ?? 0);
    switch (step.kind) {
      case 'send':
        return this.send(client, KEPT, partition, this.source(partition), step);
      case 'send-remade':
        return this.send(client, REMADE, 0, this.ghost.partition(this.remadeKey), step);
      case 'commit':
        return this.commit(client, partition, Number(step['share']));
      case 'trim':
        return this.trim(client, partition, Number(step['share']));
      case 'remake':
        return this.remake(client);
      case 'wait':
        return client.pause(Number(step['delayMs']));
      default:
        return this.disturb(client, step);
    }
  }

  private async disturb(client: PatientClient, step: Step): Promise<void> {
    const cluster = step['cluster'] as ClusterName;
    const process = Number(step['process'] ?? 0) % this.mode.processes;
    switch (step.kind) {
      case 'kill':
      case 'power':
        return this.killBroker(client, cluster, step);
      case 'kill-mirror':
      case 'stop-mirror':
        return this.endMirror(client, process, step);
      case 'pause':
        return this.sleep(client, brokerOf(cluster), step);
      case 'pause-mirror':
        this.ghost.mayDouble = true;
        return this.sleep(client, mirrorOf(process), step);
      case 'cut':
        // What was on its way arrives after all when the cut heals, perhaps when another process has looked already.
        this.ghost.mayDouble = true;
        this.world.network.cut(mirrorOf(process), cluster);
        await client.pause(Number(step['delayMs']));
        this.world.network.healAll();
        return this.play.count('cut');
      case 'reset':
        this.world.network.reset(mirrorOf(process), cluster);
        return this.play.count('reset');
      default:
    }
  }

  private source(partition: number): SourcePartition {
    return this.ghost.partition(`${KEPT}-${partition}`);
  }

  private get remadeKey(): string {
    return this.remade === 0 ? `${REMADE}-0` : `${REMADE}-0 made again (${this.remade})`;
  }

  private async send(client: PatientClient, topic: string, partition: number, to: SourcePartition, step: Step): Promise<void> {
    const size = Number(step['valueBytes'] ?? 8);
    const values = Array.from({ length: Number(step['records']) }, () => `${to.key}:${this.values++}`.padEnd(size, '.'));
    await client.send(to, topic, partition, values);
    this.play.count('sent');
  }

  private async commit(client: PatientClient, partition: number, share: number): Promise<void> {
    const offset = Math.floor(((this.source(partition).acked.at(-1)?.offset ?? -1) + 1) * (share / 100));
    this.furthest[partition] = Math.max(this.furthest[partition] ?? 0, offset);
    const offsets = [{ topic: KEPT, partition, offset, metadata: '' }];
    await client.patiently(() => alterGroupOffsets(client.cluster, GROUP, offsets));
    this.play.count('commit');
  }

  /** As retention does it, by request so that the moment is chosen. */
  private async trim(client: PatientClient, partition: number, share: number): Promise<void> {
    const offset = Math.floor(((this.source(partition).acked.at(-1)?.offset ?? -1) + 1) * (share / 100));
    const topics = [{ name: KEPT, partitions: [{ partitionIndex: partition, offset }] }];
    await client.patiently(async () => {
      const response = await client.cluster.ask('any', 'DeleteRecords', { topics, timeoutMs: 2_000 });
      const code = response.topics[0]?.partitions[0]?.errorCode ?? ErrorCode.NONE;
      if (code !== ErrorCode.NONE && code !== ErrorCode.OFFSET_OUT_OF_RANGE) throw new ServerError(code, 'DeleteRecords');
    });
    this.play.count('trim');
  }

  private async remake(client: PatientClient): Promise<void> {
    await client.patiently(async () => {
      const { responses } = await client.cluster.ask('any', 'DeleteTopics', { topicNames: [REMADE], timeoutMs: 2_000 }, { maxVersion: 5 });
      const code = responses[0]?.errorCode ?? ErrorCode.NONE;
      if (code !== ErrorCode.NONE && code !== ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) throw new ServerError(code, 'DeleteTopics');
    });
    await create(client, REMADE, 1);
    this.remade += 1;
    this.play.count('remake');
  }

  private async killBroker(client: PatientClient, cluster: ClusterName, step: Step): Promise<void> {
    const { world } = this;
    if (world.running(brokerOf(cluster)).process.isDead) return;
    world.kill(brokerOf(cluster));
    // Who does not flush makes no promise over a loss of power.
    const isPower = step.kind === 'power' && this.mode.flush;
    if (isPower) {
      world.powerLoss(world.host(cluster));
      world.powerOn(world.host(cluster));
    }
    this.play.count(isPower ? 'power' : 'kill');
    const isDown = client.pause(Number(step['downMs'])).then(() => this.startBroker(cluster));
    // The source is needed for what comes next; the target is not.
    if (cluster === 'a') await isDown;
  }

  private async endMirror(client: PatientClient, process: number, step: Step): Promise<void> {
    const { world } = this;
    const name = mirrorOf(process);
    if (world.running(name).process.isDead) return;
    if (step.kind === 'kill-mirror') this.ghost.mayDouble = true;
    else await Promise.race([this.mirrors[process]?.stop(), client.pause(30_000)]);
    if (world.running(name).process.isDead) return;
    world.kill(name);
    this.play.count(step.kind);
    void client.pause(Number(step['downMs'])).then(() => this.startMirror(process));
  }

  private async sleep(client: PatientClient, name: string, step: Step): Promise<void> {
    if (this.world.running(name).process.isDead) return;
    this.world.pause(name);
    await client.pause(Number(step['delayMs']));
    this.world.resume(name);
    this.play.count(step.kind);
  }

  /** A last record for each partition, whose copy says that everything before it has been copied. */
  private async finish(a: PatientClient, b: PatientClient): Promise<void> {
    const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition);
    for (const partition of partitions) await this.send(a, KEPT, partition, this.source(partition), { kind: 'send', records: 1 });
    for (const partition of partitions) await this.caughtUp(b, partition);
    await b.pause(CHECKPOINTS_MS);
    for (const partition of partitions) await this.check(b, partition);
    const remains = await b.readWhole(`A.${REMADE}`, 0);
    this.ghost.checkCopy(`${REMADE}-0`, remains, { preserve: this.mode.preserve, isWhole: false });
    await this.checkNothingReturned(a);
    if (this.memories.some(({ spoiledCount }) => spoiledCount > 0)) this.ghost.violate('I36 a mirror wrote to bytes that it had given back');
    if (this.ghost.reportedGaps > 0) this.play.count('gap told');
  }

  private async caughtUp(b: PatientClient, partition: number): Promise<void> {
    const last = this.source(partition).acked.at(-1)?.value;
    const untilMs = this.world.nowMs + CATCH_UP_MS;
    while (this.world.nowMs < untilMs) {
      const copy = await b.readWhole(`A.${KEPT}`, partition);
      if (copy.at(-1)?.value === last) return;
      await b.pause(LOOK_MS);
    }
    this.ghost.violate(`I36 the copy of ${KEPT}-${partition} does not come to its end in ${CATCH_UP_MS} ms:\n${this.logs()}`);
  }

  private async check(b: PatientClient, partition: number): Promise<void> {
    const { key } = this.source(partition);
    const copy = await b.readWhole(`A.${KEPT}`, partition);
    this.ghost.checkCopy(key, copy, { preserve: this.mode.preserve, isWhole: true });
    for (const { group, topic, partition: of, upstreamOffset, downstreamOffset } of await b.checkpoints()) {
      if (group !== GROUP || topic !== `A.${KEPT}` || of !== partition) continue;
      this.ghost.checkTranslation(key, copy, upstreamOffset, downstreamOffset);
      this.play.count('checkpoint');
    }
    const synced = (await b.patiently(() => committedOffsets(b.cluster, GROUP))).find((each) => each.topic === `A.${KEPT}` && each.partition === partition);
    if (synced === undefined) return;
    this.play.count('synced group');
    // A group may have gone backwards at the source, which the target does not follow: so the furthest counts.
    this.ghost.checkTranslation(key, copy, this.furthest[partition] ?? 0, synced.offset);
  }

  private async checkNothingReturned(a: PatientClient): Promise<void> {
    const views = await a.patiently(() => a.cluster.metadata(null));
    const returned = views.find(({ name }) => name.startsWith('B.A.'));
    if (returned !== undefined) this.ghost.violate(`I36 ${returned.name} has come back to the cluster that it is from`);
  }

  private logs(): string {
    const names = [...Array.from({ length: this.mode.processes }, (_, process) => mirrorOf(process)), ...CLUSTERS.map(brokerOf)];
    return names.map((name) => `${name}:\n${this.world.running(name).log.text()}`).join('\n');
  }
}

const brokerOf = (cluster: ClusterName): string => `broker-${cluster}`;
const mirrorOf = (process: number): string => `mirror-${process}`;

async function create(client: PatientClient, topic: string, partitions: number): Promise<void> {
  await client.patiently(() => client.cluster.createTopic(topic, partitions, 1));
}
