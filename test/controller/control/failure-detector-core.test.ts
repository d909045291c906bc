import {
  FailureDetectorCore,
  type DetectorEffect,
  type ProbeOutcome,
} from '../../../controller/control/failure-detector-core';

const BROKER = 2;
const EPOCH = 40;
const CONNECTION = 7;

class Detector {
  readonly core = new FailureDetectorCore();
  readonly effects: DetectorEffect[] = [];

  heard(connectionId = CONNECTION, epoch = EPOCH): this {
    this.core.heard(BROKER, epoch, connectionId);
    return this;
  }
  closed(connectionId = CONNECTION): this {
    this.core.closed(BROKER, connectionId, this.effects);
    return this;
  }
  missed(epoch = EPOCH): this {
    this.core.missed(BROKER, epoch, this.effects);
    return this;
  }
  probed(outcome: ProbeOutcome, probeId = this.lastProbeId): this {
    this.core.probed(BROKER, probeId, outcome, this.effects);
    return this;
  }
  get lastProbeId(): number {
    return this.effects.findLast((effect) => effect.type === 'probe')?.probeId ?? -1;
  }
  get told(): string[] {
    return this.effects.map((effect) =>
      effect.type === 'probe' ? `probe after ${effect.delayMs}` : `fence epoch ${effect.brokerEpoch}`,
    );
  }
}

describe('a broker whose heartbeat connection closes', () => {
  test('is probed at once, and fenced when nobody listens where it listened', () => {
    expect(new Detector().heard().closed().probed('refused').told).toEqual(['probe after 0', `fence epoch ${EPOCH}`]);
  });

  test.each(['answered', 'silent'] as const)('is left to its session when the probe is %s', (outcome) => {
    expect(new Detector().heard().closed().probed(outcome).told).toEqual(['probe after 0']);
  });

  test('is probed again after a reset, six times, and then left to its session', () => {
    const detector = new Detector().heard().closed();
    for (let i = 0; i < 10; i++) detector.probed('reset');
    expect(detector.told).toEqual(['probe after 0', ...Array<string>(6).fill('probe after 50')]);
  });

  test('is fenced when a retry is refused', () => {
    expect(new Detector().heard().closed().probed('reset').probed('refused').told).toEqual([
      'probe after 0',
      'probe after 50',
      `fence epoch ${EPOCH}`,
    ]);
  });
});

describe('a broker that lives', () => {
  test('is not fenced by a probe whose answer comes after its next heartbeat', () => {
    expect(new Detector().heard().closed().heard(8).probed('refused').told).toEqual(['probe after 0']);
  });

  test('is not probed for an older connection than that of its last heartbeat', () => {
    expect(new Detector().heard(7).heard(8).closed(7).told).toEqual([]);
  });

  test('is probed anew when the next connection closes too, and only the newest probe counts', () => {
    const detector = new Detector().heard(7).closed(7).heard(8).closed(8);
    const [first, second] = detector.effects.map((effect) => (effect.type === 'probe' ? effect.probeId : -1));
    expect(detector.probed('refused', first).told).toEqual(['probe after 0', 'probe after 0']);
    expect(detector.probed('refused', second).told).toEqual(['probe after 0', 'probe after 0', `fence epoch ${EPOCH}`]);
  });

  test('is not fenced in a later incarnation: the epoch is the one that was probed', () => {
    const detector = new Detector().heard(7, EPOCH).closed();
    const probe = detector.lastProbeId;
    expect(detector.heard(9, EPOCH + 5).probed('refused', probe).told).toEqual(['probe after 0']);
  });
});

describe('a controller that has just become active', () => {
  test('probes who has not been heard, once', () => {
    expect(new Detector().missed().missed().told).toEqual(['probe after 0']);
    expect(new Detector().missed().probed('refused').told).toEqual(['probe after 0', `fence epoch ${EPOCH}`]);
  });

  test('leaves alone who has been heard in this epoch', () => {
    expect(new Detector().heard().missed().told).toEqual([]);
  });

  test('knows nothing of the connections of an earlier time as controller', () => {
    const detector = new Detector().heard();
    detector.core.clear();
    expect(detector.closed().told).toEqual([]);
  });
});
