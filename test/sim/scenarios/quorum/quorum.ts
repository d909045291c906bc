/**
 * A quorum of three or five voters, with or without an observer, each a process with its disk, under kill -9, loss of power
 * of one or of all, pauses, cut and reset connections and leaders that resign. Nothing committed changes or goes (I13 and
 * the state machine's safety), whatever is committed is on the platters of a majority, votes are on the platter before they
 * are given, and in the end all agree. Meanwhile voters are added, removed and, with a new disk, replaced.
 */
import type { VoteAsk } from '../../../../controller/raft/raft-messages';
import type { AnswerTo, RaftNode } from '../../../../controller/raft/raft-node';
import type { Env } from '../../../../log/env';
import type { Play, Played, Scenario, Step } from '../../harness/scenario';
import { SimViolation } from '../../violation';
import { SimWorld } from '../../world';
import { QuorumApp } from './quorum-app';
import { durableElection, durableLog, type DurableLog } from './quorum-belief';
import { QuorumGhost } from './quorum-ghost';
import { QuorumMembership } from './quorum-membership';
import { openNode, type NodeSpec, type QuorumNode } from './quorum-node';
import { firstVoters, hostOf, plan, specsOf } from './quorum-plan';

/** What a play may take of virtual time. */
const MAX_PLAY_MS = 1_200_000;
/** In the end, without faults, everybody agrees within this time. */
const MAX_SETTLE_MS = 60_000;
const POLL_MS = 20;
/** How the values begin that are written when all is well again. */
const LAST = 'last:';

export const quorum: Scenario = {
  name: 'quorum',
  counters: [
    'elected', 'acked', 'kill', 'power', 'power of all', 'pause', 'cut', 'cut one way', 'reset', 'strand', 'resign', 'leave', 'truncated', 'snapshot',
    'snapshot loaded', 'log start moved', 'snapshot fetched', 'five voters', 'observer', 'static voters', 'voter added', 'voter removed', 'leader removed',
    'wiped', 'lost voter removed', 'auto-join', 'kraft.version raised',
  ],
  plan,
  play: (play) => new QuorumPlay(play).run(),
};

interface LiveNode {
  readonly app: QuorumApp;
  readonly node: QuorumNode;
  wasLeading: boolean;
  committed: number;
  logStart: number;
  logEnd: number;
}

class QuorumPlay {
  private readonly world: SimWorld;
  private readonly ghost: QuorumGhost;
  private readonly specs: NodeSpec[];
  private readonly membership: QuorumMembership;
  private readonly live = new Map<number, LiveNode>();
  private readonly lives = new Map<number, number>();
  private readonly calls: number[] = [];
  private values = 0;
  private isOver = false;

  constructor(private readonly play: Play) {
    this.world = new SimWorld({ seed: play.seed });
    this.ghost = new QuorumGhost((what) => this.violate(what), (counter) => play.count(counter));
    const shape: Step = play.steps.find(({ kind }) => kind === 'shape') ?? { kind: 'shape', voters: 3 };
    const voterCount = Number(shape['voters']);
    const isStatic = shape['isStatic'] === true;
    const first = firstVoters(voterCount, isStatic, this.world.random('voters'));
    this.membership = new QuorumMembership(first, () => this.specs, (what) => this.violate(what), (counter) => play.count(counter));
    this.specs = specsOf(shape, first, isStatic);
    if (shape['observer'] === true) play.count('observer');
    if (shape['autoJoin'] === true) play.count('auto-join');
    if (voterCount === 5) play.count('five voters');
    if (isStatic) play.count('static voters');
  }

  run(): Played {
    const { world } = this;
    for (const { nodeId } of this.specs) this.startNode(nodeId);
    world.start(world.host('conductor'), 'conductor', async (env) => {
      for (const step of this.play.steps) await this.perform(env, step);
      await this.settle(env);
      this.isOver = true;
    });
    const end = world.run({ until: () => this.isOver, untilMs: MAX_PLAY_MS, afterEvent: () => this.check() });
    if (end !== 'met') throw this.violate(`the play hangs (${end})`);
    for (const nodeId of this.specs.map((spec) => spec.nodeId)) this.noteCalls(nodeId);
    return { calls: this.calls, traceHash: world.trace.hash };
  }

  private startNode(nodeId: number): void {
    const { world, play } = this;
    const spec = this.specs[nodeId - 1];
    const isRunning = this.lives.has(nodeId) && !world.running(processOf(nodeId)).process.isDead;
    if (spec === undefined || isRunning) return;
    const life = (this.lives.get(nodeId) ?? -1) + 1;
    this.lives.set(nodeId, life);
    this.live.delete(nodeId);
    // A kill point's life is the first one of the node of that number.
    if (life === 0 && play.kill?.life === nodeId - 1) world.killBeforeCall(processOf(nodeId), play.kill.beforeCall);
    const running = world.start(world.host(spec.host), processOf(nodeId), (env) => this.main(env, spec));
    running.process.onEnd(() => {
      this.live.delete(nodeId);
      this.noteCalls(nodeId);
      if (running.process.killedBefore === '') return;
      world.scheduler.at(50, world.owner, () => {
        if (play.kill?.ending === 'power') this.losePower(nodeId);
        this.startNode(nodeId);
      });
    });
  }

  private main(env: Env, spec: NodeSpec): void {
    const { nodeId } = spec;
    const { process } = this.world.running(processOf(nodeId));
    const isDead = (): boolean => process.isDead;
    const fatal = (why: string, error: unknown): void => {
      if (!isDead()) this.world.report(this.violate(`node ${nodeId} cannot go on: ${why}: ${String((error as Error | null)?.stack ?? error)}`));
    };
    const violate = (what: string): SimViolation => this.violate(what);
    const app = new QuorumApp(nodeId, env, this.ghost, isDead, violate, (counter) => this.play.count(counter));
    const node = openNode(env, spec, (raft) => this.watched(raft, spec, isDead), fatal);
    if (isDead()) return;
    this.membership.started(nodeId, node.directoryId);
    this.live.set(nodeId, { app, node, wasLeading: false, committed: -1, logStart: node.log.logStartOffset, logEnd: node.log.logEndOffset });
    app.runOn(node.raft);
    node.raft.start();
  }

  /** Sees what peers are answered: a vote is on the platter before it is given. */
  private watched(raft: RaftNode, { nodeId, host }: NodeSpec, isDead: () => boolean): Pick<RaftNode, 'handle'> {
    const wipes = this.membership.wipesOf(nodeId);
    const check = (ask: VoteAsk, granted: boolean): void => {
      if (!granted || ask.preVote || isDead()) return;
      const candidate = `${ask.candidate.id}/${ask.candidate.directoryId}`;
      this.ghost.voted(`node ${nodeId}/${wipes}`, ask.epoch, candidate);
      const election = durableElection(this.world.host(host).disk);
      if (election?.epoch === ask.epoch && election.votedKey?.id === ask.candidate.id) return;
      throw this.violate(`node ${nodeId} gives node ${ask.candidate.id} its vote in epoch ${ask.epoch}; its platter says ${JSON.stringify(election)}`);
    };
    return {
      handle: (request, respond) =>
        raft.handle(request, (answer) => {
          if (request.api === 'vote' && answer !== null) check(request, (answer as unknown as AnswerTo<VoteAsk>).granted);
          respond(answer);
        }),
    };
  }

  /** After every event. */
  private check(): void {
    for (const [nodeId, each] of this.live) {
      const { raft, log } = each.node;
      const committed = raft.committedOffset;
      if (committed < each.committed) throw this.violate(`the high watermark of node ${nodeId} went from ${each.committed} back to ${committed}`);
      const { leaderId, epoch } = raft.leader;
      const isLeading = leaderId === nodeId && raft.isLeading;
      if (isLeading) this.ghost.leads(nodeId, epoch);
      this.membership.check(nodeId, each.node);
      // One that has removed itself resigns in the moment in which that is committed.
      if ((isLeading || each.wasLeading) && committed > each.committed) this.checkDurable(nodeId, each.node, Math.max(each.committed, log.logStartOffset, 0), committed);
      each.committed = committed;
      each.wasLeading = isLeading;
      if (log.logStartOffset > each.logStart) this.play.count(log.logEndOffset === log.logStartOffset ? 'snapshot fetched' : 'log start moved');
      if (log.logEndOffset < each.logEnd) this.play.count('truncated');
      each.logStart = log.logStartOffset;
      each.logEnd = log.logEndOffset;
    }
  }

  /** What a leader calls committed is on the platters of a majority of the voters that it has in its log. */
  private checkDurable(nodeId: number, { log, raft: { voters } }: QuorumNode, from: number, to: number): void {
    if (voters === null) throw this.violate(`node ${nodeId} leads nobody`);
    const read = (id: number): DurableLog => durableLog(this.world.host(hostOf(id)).disk);
    const disks = voters.voters.map((voter) => this.membership.durableLog(voter, read));
    for (let offset = from; offset < to; offset++) {
      const epoch = log.epochs.epochForOffset(offset);
      const holders = disks.filter(({ epochs, snapshotEnd }) => offset < snapshotEnd || epochs.get(offset) === epoch);
      if (holders.length >= voters.majority) continue;
      throw this.violate(`node ${nodeId} calls ${offset} of epoch ${epoch} committed, and ${holders.length} of ${voters.size} platters have it`);
    }
  }

  private async perform(env: Env, step: Step): Promise<void> {
    const node = Number(step['node'] ?? 0);
    const pause = (ms: unknown): Promise<void> => new Promise((resolve) => void env.timers.set(Number(ms), resolve));
    switch (step.kind) {
      case 'write':
        return this.write(env, step);
      case 'wait':
        return pause(step['delayMs']);
      case 'snapshot':
        for (const [nodeId, { app }] of this.live) if (node === 0 || node === nodeId) app.snapshot(() => undefined);
        return;
      case 'kill':
      case 'power':
        return this.restart(env, [node], step.kind === 'power', Number(step['downMs']));
      case 'powerOfAll':
        this.play.count('power of all');
        return this.restart(env, this.specs.map(({ nodeId }) => nodeId), true, Number(step['downMs']));
      case 'pause':
        return this.stall(env, node, Number(step['delayMs']));
      case 'strand':
        return this.strand(env, step);
      case 'cut':
      case 'isolate':
      case 'reset':
        return this.disturb(env, step);
      case 'resign':
        for (const { node: each } of this.live.values()) if (each.raft.isLeading) each.raft.resign(each.raft.leader.epoch);
        return this.play.count('resign');
      case 'addVoter':
      case 'removeVoter':
        return this.changeVoters(step, () => pause(30));
      case 'raise':
        return this.raise();
      case 'wipe':
        return this.wipe(node, Number(step['downMs']), () => pause(30));
      case 'replaceLost':
        return void this.membership.replaceLost(this.leading);
      case 'leave':
        return this.leave(env, node, Number(step['downMs']));
      default:
    }
  }

  /** Of several that believe so, the one that leads the newest epoch. */
  private get leading(): QuorumNode | null {
    const leaders = [...this.live.values()].map(({ node }) => node).filter(({ raft }) => raft.isLeading);
    return leaders.sort((a, b) => b.raft.leader.epoch - a.raft.leader.epoch)[0] ?? null;
  }

  /** kraft.version 1, if all static voters have told the leader who they are. */
  private raise(): void {
    const raft = this.leading?.raft;
    if (raft === undefined || raft.kraftVersion > 0) return;
    if (raft.raiseKraftVersion(1, false) === null) this.play.count('kraft.version raised');
  }

  private async changeVoters(step: Step, pause: () => Promise<void>): Promise<void> {
    const { leading } = this;
    const nodeId = Number(step['node']);
    if (leading === null) return;
    if (step.kind === 'removeVoter') this.membership.remove(leading, step['ofLeader'] === true ? leading.raft.nodeId : nodeId);
    else this.membership.add(leading, nodeId, step['ack'] === true);
    if (step['wait'] === true) await pause();
  }

  private mayWipe(nodeId: number): boolean {
    const { leading } = this;
    const live = [...this.live.values()].map(({ node }) => node);
    return leading !== null && this.membership.mayWipe(nodeId, leading, live, this.specs.length);
  }

  /** The node comes back with an empty disk. */
  private async wipe(nodeId: number, downMs: number, pause: () => Promise<void>): Promise<void> {
    const spec = this.specs[nodeId - 1];
    for (let tries = 0; tries < 50 && !this.mayWipe(nodeId); tries++) await pause();
    if (spec === undefined || !this.mayWipe(nodeId)) return;
    this.world.kill(processOf(nodeId));
    const { disk } = this.world.host(spec.host);
    this.membership.wiped(nodeId, durableLog(disk));
    disk.wipe();
    this.specs[nodeId - 1] = { ...spec, voters: 'none' };
    this.play.count('wiped');
    this.world.scheduler.at(downMs, this.world.owner, () => this.startNode(nodeId));
  }

  private async write(env: Env, step: Step): Promise<void> {
    const values = this.newValues(step);
    // Several may believe that they lead: whoever is asked may be the wrong one.
    for (const { app } of this.live.values()) if (app.write(values)) break;
    if (step['wait'] === true) await new Promise<void>((resolve) => void env.timers.set(30, resolve));
  }

  /** The leader takes writes that it can tell nobody: another will cut them away. */
  private strand(env: Env, step: Step): void {
    for (const [nodeId, { app, node }] of this.live) {
      if (!node.raft.isLeading) continue;
      this.disturb(env, { kind: 'isolate', node: nodeId, delayMs: Number(step['delayMs']) });
      app.write(this.newValues(step));
      return this.play.count('strand');
    }
  }

  private newValues(step: Step): string[] {
    return Array.from({ length: Number(step['records']) }, () => `${this.values++}:`.padEnd(Number(step['valueBytes']), '.'));
  }

  private async restart(env: Env, nodeIds: readonly number[], losesPower: boolean, downMs: number): Promise<void> {
    const down = nodeIds.filter((nodeId) => !this.world.running(processOf(nodeId)).process.isDead);
    for (const nodeId of down) {
      this.world.kill(processOf(nodeId));
      if (losesPower) this.losePower(nodeId);
      this.play.count(losesPower ? 'power' : 'kill');
    }
    const back = (): void => down.forEach((nodeId) => this.startNode(nodeId));
    // One that is down for long is so while the others go on.
    if (downMs > 1_000) return void this.world.scheduler.at(downMs, this.world.owner, back);
    await new Promise<void>((resolve) => void env.timers.set(downMs, resolve));
    back();
  }

  private losePower(nodeId: number): void {
    const host = this.world.host(hostOf(nodeId));
    this.world.powerLoss(host);
    this.world.powerOn(host);
  }

  private stall(env: Env, nodeId: number, delayMs: number): void {
    const { world } = this;
    const { process } = world.running(processOf(nodeId));
    if (process.isDead) return;
    world.pause(processOf(nodeId));
    this.play.count('pause');
    world.scheduler.at(delayMs, world.owner, () => {
      if (!process.isDead) world.scheduler.resume(process.owner);
    });
    void env;
  }

  private disturb(env: Env, step: Step): void {
    const { network, scheduler, owner } = this.world;
    const [a, b] = [hostOf(Number(step['node'])), hostOf(Number(step['other'] ?? 0))];
    void env;
    if (step.kind === 'reset') {
      if (network.reset(a, b) > 0) this.play.count('reset');
      return;
    }
    const others = step.kind === 'cut' ? [b] : this.specs.map(({ host }) => host);
    const oneWay = step['oneWay'] === true;
    for (const other of others) if (other !== a) network.cut(a, other, oneWay);
    this.play.count(oneWay ? 'cut one way' : 'cut');
    scheduler.at(Number(step['delayMs']), owner, () => {
      for (const other of others) if (other !== a) network.heal(a, other, oneWay);
    });
  }

  /** A clean stop: a leader hands over first. */
  private async leave(env: Env, nodeId: number, downMs: number): Promise<void> {
    const live = this.live.get(nodeId);
    if (live === undefined) return;
    const wasLeading = live.node.raft.isLeading;
    let hasLeft = false;
    live.node.raft.leave(500, () => {
      hasLeft = true;
    });
    const untilMs = env.clock.monotonicMs() + 1_000;
    while (!hasLeft && env.clock.monotonicMs() < untilMs) await new Promise<void>((resolve) => void env.timers.set(POLL_MS, resolve));
    if (wasLeading) this.play.count('leave');
    return this.restart(env, [nodeId], false, downMs);
  }

  /** Without faults everybody agrees in the end, and a write goes through. */
  private async settle(env: Env): Promise<void> {
    this.world.network.healAll();
    for (const { nodeId } of this.specs) this.startNode(nodeId);
    const pause = (): Promise<void> => new Promise((resolve) => void env.timers.set(POLL_MS, resolve));
    const endMs = env.clock.monotonicMs() + MAX_SETTLE_MS;
    let askAtMs = 0;
    let replaceAtMs = 0;
    for (;;) {
      const nowMs = env.clock.monotonicMs();
      const everybody = [...this.live.values()];
      const isCommitted = [...this.ghost.committed.values()].some(({ value }) => value.startsWith(LAST));
      // Whoever takes it may not lead any more: so it is asked again.
      if (!isCommitted && nowMs >= askAtMs && everybody.some(({ app }) => app.write([`${LAST}${this.values++}`]))) askAtMs = nowMs + 1_000;
      const isWhole = nowMs < replaceAtMs ? false : this.membership.replaceLost(this.leading);
      if (nowMs >= replaceAtMs) replaceAtMs = nowMs + 200;
      const hasAll = everybody.every(({ app }) => app.nextOffset >= this.ghost.committedEnd);
      if (isCommitted && everybody.length === this.specs.length && hasAll && isWhole) break;
      if (nowMs > endMs) throw this.violate(`no agreement within ${MAX_SETTLE_MS} ms: ${this.state()}`);
      await pause();
    }
    for (const { app } of this.live.values()) app.checkWhole();
  }

  private state(): string {
    const nodes = this.specs.map(({ nodeId }) => {
      const live = this.live.get(nodeId);
      if (live === undefined) return `node ${nodeId} is down`;
      const { leaderId, epoch } = live.node.raft.leader;
      return `node ${nodeId} in epoch ${epoch} of leader ${leaderId}, applied ${live.app.nextOffset} of ${live.node.log.logEndOffset}`;
    });
    return `${nodes.join('; ')}; committed ${this.ghost.committedEnd}`;
  }

  private noteCalls(nodeId: number): void {
    if ((this.lives.get(nodeId) ?? 0) === 0) this.calls[nodeId - 1] = this.world.callCount(processOf(nodeId));
  }

  private violate(what: string): SimViolation {
    const logs = this.specs.map(({ nodeId }) => `--- node ${nodeId}\n${this.world.running(processOf(nodeId)).log.text().split('\n').slice(-6).join('\n')}`);
    return new SimViolation(`${what}\n${logs.join('\n')}`);
  }
}

function processOf(nodeId: number): string {
  return `quorum${nodeId}`;
}
