/**
 * Written plays of a cluster: what chance hardly brings about, because several things have to befall several nodes within
 * milliseconds. Each is named after the mistake that it would bring to light; the checkers look on as in every other play.
 */

import type { Play, Played, Scenario } from '../../harness/scenario';
import type { ClusterMode } from './cluster-config';
import type { ClusterIdempotentProducer, Destination } from './cluster-producers';
import { ClusterScript } from './cluster-script';
import type { SimNode } from './sim-cluster';

export interface NamedScript {
  readonly name: string;
  readonly mode?: Partial<ClusterMode>;
  readonly play: (script: ClusterScript) => Promise<void>;
}

const TOPIC = 'orders';
const PARTITIONS = 3;

/** A whole cluster, and a partition of it whose leader is not the controller: so all three nodes have a part of their own. */
interface Cast {
  readonly producer: ClusterIdempotentProducer;
  readonly here: Destination;
  readonly leader: number;
  readonly controller: number;
  readonly third: number;
}

async function cast(script: ClusterScript): Promise<Cast> {
  await script.whole();
  await script.addTopic(TOPIC, PARTITIONS);
  await script.whole();
  const controller = script.controller();
  const partition = Array.from({ length: PARTITIONS }, (_, index) => index).find((index) => script.partition(TOPIC, index).leader !== controller) ?? 0;
  const { leader } = script.partition(TOPIC, partition);
  const third = script.cluster.nodes.find(({ id }) => id !== leader && id !== controller)!.id;
  const producer = script.producer();
  const here = { topic: TOPIC, partition };
  await script.sendOne(producer, here);
  return { producer, here, leader, controller, third };
}

const isrOf = (script: ClusterScript, { topic, partition }: Destination): readonly number[] => script.partition(topic, partition).isr;

/** Out of the ISR, and all of what it lacks committed by the others. */
async function leaveBehind(script: ClusterScript, { producer, here }: Cast, id: number): Promise<void> {
  script.cluster.kill(id);
  await script.until(() => !isrOf(script, here).includes(id), 10_000, `${id} is out of the ISR`);
  await script.sendOne(producer, here);
}

/** The next request of the leader for another ISR waits at the controller for so long. Resolves when it has come. */
async function holdProposal(script: ClusterScript, { controller, leader }: Cast, delayMs: number): Promise<void> {
  const delayed = script.counted('frame delayed');
  const which = (node: SimNode): boolean => node.id === controller;
  script.tap.addFault({ api: 'AlterPartition', point: 'received', action: delayMs, untilMs: Infinity, which });
  await script.until(() => script.counted('frame delayed') > delayed, 20_000, `a proposal of ${leader} at the controller`, 1);
  script.tap.clearFaults();
}

export const clusterScripts: readonly NamedScript[] = [
  {
    name: 'same-broker-after-power-loss',
    play: async (script) => {
      const producer = await script.ready(TOPIC);
      const here = { topic: TOPIC, partition: 0 };
      for (const { id: lost } of script.cluster.nodes) {
        for (let i = 0; i < 20; i++) await script.sendOne(producer, here);
        // One is back first, without what it had not flushed; the others, which were only killed, have all of it.
        script.watch.excuse(lost);
        const others = script.cluster.nodes.map(({ id }) => id).filter((id) => id !== lost);
        for (const id of others) script.cluster.kill(id);
        script.cluster.losePower(lost);
        for (const id of [lost, ...others]) {
          script.cluster.start(id);
          await script.pause(300);
        }
        await script.sendOne(producer, here);
        await script.whole();
      }
      await script.finish();
    },
  },
  {
    name: 'fenced-may-join',
    play: async (script) => {
      const roles = await cast(script);
      await leaveBehind(script, roles, roles.third);
      script.cluster.start(roles.third);
      await holdProposal(script, roles, 2_000);
      // It dies, and the controller knows, before the proposal to take it in arrives.
      script.cluster.kill(roles.third);
      await script.pause(3_000);
      await script.finish();
    },
  },
  {
    name: 'stale-broker-epoch',
    play: async (script) => {
      const roles = await cast(script);
      const { leader, third } = roles;
      await leaveBehind(script, roles, third);
      script.cluster.start(third);
      await holdProposal(script, roles, 6_000);
      // When the proposal to take it in arrives it is there again, without what it had not flushed, and cannot copy it anew.
      script.watch.excuse(third);
      script.world.powerLoss(script.cluster.node(third).host, 'lost');
      script.cluster.cut(leader, third, false);
      await script.pause(200);
      script.cluster.start(third);
      await script.pause(8_000);
      await script.finish();
    },
  },
  {
    name: 'isr-rolled-back-on-refusal',
    play: async (script) => {
      const roles = await cast(script);
      const { controller, leader } = roles;
      await leaveBehind(script, roles, roles.third);
      // What the controller has committed the leader is not told, by the answer not at all, and by the metadata late.
      const isToLeader = (node: SimNode, clientId: string): boolean => node.id === controller && clientId === `raft-client-${leader}`;
      script.tap.addFault({ api: 'Fetch', point: 'beforeResponse', action: 1_200, untilMs: Infinity, which: isToLeader });
      script.tap.addFault({ api: 'AlterPartition', point: 'beforeResponse', action: 'reset', untilMs: Infinity, which: ({ id }) => id === controller });
      script.cluster.start(roles.third);
      await script.until(() => script.counted('alter partition INVALID_UPDATE_VERSION') > 0, 20_000, 'a proposal that is made again', 1);
      await script.pause(1_500);
      script.tap.clearFaults();
      await script.finish();
    },
  },
  {
    name: 'no-maximal-isr',
    play: async (script) => {
      const roles = await cast(script);
      const { leader, third, producer, here } = roles;
      await leaveBehind(script, roles, third);
      script.cluster.start(third);
      await holdProposal(script, roles, 6_000);
      // It falls behind again before the controller takes it in. Until that is decided nothing may be committed without it.
      script.cluster.cut(leader, third, false);
      await script.sendOne(producer, here);
      await script.pause(6_000);
      await script.finish();
    },
  },
  {
    name: 'no-epoch-start-rule',
    play: async (script) => {
      const roles = await cast(script);
      const { controller, leader, third, here, producer } = roles;
      // The third node asks the next leader for what it lacks, and is let wait: first to be heard, then for the answer.
      const which = (node: SimNode, clientId: string): boolean => node.id === controller && clientId.startsWith(`broker-${third}-`);
      script.tap.addFault({ api: 'Fetch', point: 'received', action: 1_000, untilMs: Infinity, which });
      script.tap.addFault({ api: 'Fetch', point: 'beforeResponse', action: 1_500, untilMs: Infinity, which });
      // It falls behind. What is acknowledged without it the controller's node has, and does not know to be committed when it
      // becomes leader.
      script.cluster.cut(leader, third, false);
      await script.sendOne(producer, here);
      if (isrOf(script, here).includes(third)) script.violate(`${third} is in the ISR, and cannot be`);
      script.cluster.kill(leader);
      await script.until(() => script.partition(here.topic, here.partition).leader === controller, 10_000, 'another leader');
      await script.pause(8_000);
      script.tap.clearFaults();
      await script.finish();
    },
  },
  {
    name: 'fenced-last-known-leader',
    mode: { flush: true },
    play: async (script) => {
      const roles = await cast(script);
      const { here, leader } = roles;
      const others = await powerOffOneByOne(script, roles);
      // The others are back first, so that one of them is the controller. Then it comes back, and dies before it is unfenced.
      for (const id of others) script.cluster.start(id);
      await script.pause(6_000);
      script.tap.addFault({ api: 'BrokerHeartbeat', point: 'received', action: 1_000, untilMs: Infinity, which: (_, clientId) => clientId === String(leader) });
      script.cluster.start(leader);
      const isLastKnownAlone = (): boolean => {
        const { lastKnownElr, isr, elr } = script.partition(here.topic, here.partition);
        return lastKnownElr.includes(leader) && isr.length === 0 && elr.length === 0;
      };
      await script.until(isLastKnownAlone, 20_000, 'a last known leader', 1);
      script.cluster.kill(leader);
      script.tap.clearFaults();
      await script.pause(1_000);
      // Another broker comes back: now is the time to elect, if there is anybody.
      const other = others.find((id) => id !== script.controller()) ?? 1;
      script.cluster.kill(other);
      await script.pause(500);
      script.cluster.start(other);
      await script.pause(5_000);
      await script.finish();
    },
  },
  {
    name: 'wiped-last-known-leader',
    mode: { flush: true },
    play: async (script) => {
      const roles = await cast(script);
      const { here, leader } = roles;
      await powerOffOneByOne(script, roles);
      script.watch.excuse(leader);
      script.cluster.wipe(leader);
      script.cluster.startAll();
      // Nobody is left whom the controller may elect by itself: what the last leader had is gone, and who has it is not known.
      await script.pause(20_000);
      const { leader: elected } = script.partition(here.topic, here.partition);
      if (elected === leader) script.violate(`I2 ${leader} leads, and has lost its disk`);
    },
  },
  {
    name: 'session-timer-before-heartbeats',
    play: async (script) => {
      const { controller, leader, producer, here } = await cast(script);
      const fenced = script.counted('broker fenced');
      // A broker stands still, and just before it goes on the controller does: neither of them is gone.
      script.cluster.pause(leader);
      await script.pause(1_750);
      script.cluster.pause(controller);
      await script.pause(50);
      script.cluster.resume(leader);
      await script.pause(1_700);
      script.cluster.resume(controller);
      await script.pause(3_000);
      if (script.counted('broker fenced') !== fenced) script.violate('a broker was fenced whose heartbeats had come');
      await script.sendOne(producer, here);
      await script.finish();
    },
  },
];

/** All lose their power, the leader last: so none of them is eligible when it comes back, whatever it holds. */
async function powerOffOneByOne(script: ClusterScript, { leader, here }: Cast): Promise<readonly number[]> {
  const others = script.cluster.nodes.filter(({ id }) => id !== leader);
  const [first, last] = others.map(({ id }) => id) as [number, number];
  script.cluster.losePower(first);
  await script.until(() => !isrOf(script, here).includes(first), 15_000, `${first} is out of the ISR`);
  script.cluster.losePower(last);
  script.cluster.losePower(leader);
  await script.pause(500);
  return [first, last];
}

const scriptOf = (seed: string): NamedScript | undefined => clusterScripts.find(({ name }) => name === seed.split('/')[0]) ?? clusterScripts[Number(seed) % clusterScripts.length];

/** The seed is a script's name, with `/` and a number for another run of it; or a number, which goes through them in turn. */
export const scripts: Scenario = {
  name: 'cluster-scripts',
  counters: [],
  maxSeeds: clusterScripts.length,
  plan: () => [],
  play: ({ seed, count }: Play): Played => {
    const script = scriptOf(seed);
    if (script === undefined) throw new Error(`no such script: ${seed}`);
    const traceHash = ClusterScript.playNow(`script/${seed}`, script.play, script.mode ?? {}, count);
    return { calls: [], traceHash };
  },
};
