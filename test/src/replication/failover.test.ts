/**
 * Three brokers under random kills, pauses, cuts and leader changes, with a controller that elects as Kafka's does. What was
 * acknowledged with acks=all and min.insync.replicas=2 is in every log in the end, and all logs are alike.
 */
import { ErrorCode } from '../../../wire/base/error-codes';
import { batchOf, contents, TOPIC_ID } from '../../log/support/log-bench';
import { ClusterScene } from './support/cluster-scene';
import type { SimRandom } from '../../sim/random';

const IDS = [1, 2, 3] as const;
const STEPS = 60;
const SEEDS = 40;

class Play {
  readonly scene: ClusterScene;
  private readonly random: SimRandom;
  private readonly acked: string[] = [];
  private readonly sent: (() => void)[] = [];
  private readonly down = new Set<number>();
  private readonly paused = new Set<number>();
  private values = 0;

  constructor(
    seed: number,
    private readonly flush: boolean,
  ) {
    this.scene = new ClusterScene(seed, { flushBeforeAck: flush, topic: { 'min.insync.replicas': '2' } });
    this.random = this.scene.world.random('play');
  }

  async run(): Promise<number> {
    const { scene } = this;
    for (const id of IDS) await scene.start(id);
    await scene.assign({ leader: 1, leaderEpoch: 0, partitionEpoch: 0, replicas: [...IDS], isr: [...IDS] });
    for (let step = 0; step < STEPS; step++) await this.step();
    await this.finish();
    return this.acked.length;
  }

  private async step(): Promise<void> {
    const { scene, random } = this;
    const id = random.pick([...IDS]);
    const what = random.below(20);
    if (what < 10) this.produce();
    else if (what < 12) await this.fail(id);
    else if (what < 15) await this.restart();
    else if (what < 16) await this.moveLeader();
    else if (what < 17) this.pause(id);
    else if (what < 18) this.cut(id);
    await scene.wait(random.spread(1, 400));
  }

  private produce(): void {
    const { leader } = this.scene.state;
    if (leader < 0 || this.down.has(leader)) return;
    const value = `v${this.values++}`;
    const data = { topicId: TOPIC_ID, partitionData: [{ index: 0, records: batchOf([value]) }] };
    const sent = this.scene.send(leader, 'Produce', 13, { acks: -1, timeoutMs: 5_000, topicData: [data] });
    this.sent.push(() => {
      const code = sent.answer?.responses[0]?.partitionResponses[0]?.errorCode;
      if (code === ErrorCode.NONE) this.acked.push(value);
    });
  }

  /** kill -9, or loss of power where records are flushed; the controller fences the broker. */
  private async fail(id: number): Promise<void> {
    const { scene } = this;
    if (this.down.has(id)) return;
    const host = scene.world.host(`h${id}`);
    this.resume(id);
    if (this.flush && this.random.chance(0.5)) {
      scene.brokers.delete(id);
      scene.world.powerLoss(host);
      scene.world.powerOn(host);
    } else scene.kill(id);
    this.down.add(id);
    scene.register(id, true);
    const isr = scene.state.isr.filter((member) => member !== id);
    await this.elect(isr.length > 0 ? isr : scene.state.isr);
  }

  private async restart(): Promise<void> {
    const [id] = this.down;
    if (id === undefined) return;
    this.down.delete(id);
    await this.scene.start(id);
    await this.elect(this.scene.state.isr);
  }

  private async moveLeader(): Promise<void> {
    const others = this.scene.state.isr.filter((id) => id !== this.scene.state.leader && !this.down.has(id));
    if (others.length > 0) await this.elect(this.scene.state.isr, this.random.pick(others));
  }

  /** The present leader stays if it can; else the first of the ISR that is up; else nobody. */
  private async elect(isr: readonly number[], wanted: number = this.scene.state.leader): Promise<void> {
    const { state } = this.scene;
    const canLead = (id: number): boolean => isr.includes(id) && !this.down.has(id);
    const leader = [wanted, ...isr].find(canLead) ?? -1;
    const leaderEpoch = state.leaderEpoch + (leader === state.leader ? 0 : 1);
    await this.scene.assign({ ...state, leader, leaderEpoch, partitionEpoch: state.partitionEpoch + 1, isr });
  }

  private pause(id: number): void {
    if (this.down.has(id)) return;
    if (this.paused.has(id)) return this.resume(id);
    this.paused.add(id);
    this.scene.world.pause(`b${id}`);
  }

  private resume(id: number): void {
    if (this.paused.delete(id)) this.scene.world.resume(`b${id}`);
  }

  private cut(id: number): void {
    const { world } = this.scene;
    const other = (id % IDS.length) + 1;
    world.network.cut(`h${id}`, `h${other}`);
    world.scheduler.at(this.random.spread(10, 3_000), world.owner, () => world.network.heal(`h${id}`, `h${other}`));
  }

  private async finish(): Promise<void> {
    const { scene } = this;
    for (const id of IDS) this.resume(id);
    while (this.down.size > 0) await this.restart();
    await scene.wait(10_000);
    for (const settle of this.sent) settle();
    const isWhole = (): boolean =>
      IDS.every((id) => scene.log(id).logEndOffset === scene.log(1).logEndOffset && scene.log(id).highWatermark === scene.log(1).logEndOffset);
    await scene.until('all are in sync', () => scene.state.isr.length === IDS.length && isWhole());
    const [first, ...others] = IDS.map((id) => contents(scene.log(id)));
    for (const other of others) expect(other).toEqual(first);
    const values = new Set(first?.map((text) => text.slice(text.indexOf('=') + 1)));
    expect(this.acked.filter((value) => !values.has(value))).toEqual([]);
  }
}

describe.each([
  ['records count where they are', false],
  ['records count where they are flushed, and power may be lost', true],
])('when %s', (_, flush) => {
  test('nothing that was acknowledged is lost, and all replicas are alike', async () => {
    let acked = 0;
    for (let seed = 1; seed <= SEEDS; seed++) acked += await new Play(seed, flush).run();
    expect(acked).toBeGreaterThan(SEEDS * 5);
  });
});
