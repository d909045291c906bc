/**
 * Starts Apache Kafka, the broker under test and one JVM of tools for a test file, and turns each scenario into a test.
 * MOLDAU_COMPAT_TARGET=kafka compares Apache Kafka with itself: that is how a scenario is written and debugged.
 */
import { handlers } from '../../../src/handlers/index';
import type { ApiName } from '../../../wire/api-keys';
import type { BrokerProcess } from '../../support/kafka-peer';
import { startKafkaPeer } from '../../support/kafka-peer';
import { KafkaTools } from '../../support/kafka-tools';
import { startMoldau } from '../../support/moldau-process';
import { ScenarioRun, type StepOutput } from './run-scenario';
import type { Scenario, Step } from './scenario';

const isAgainstItself = process.env['MOLDAU_COMPAT_TARGET'] === 'kafka';

/**
 * Apache Kafka is formatted at the level of a single Moldau that formats itself, without eligible leader replicas: with them
 * min.insync.replicas is written into the cluster's defaults, and every topic shows it.
 */
const sameFeatures = { 'eligible.leader.replicas.version': 0 };

interface SameSettings {
  readonly properties: Readonly<Record<string, string>>;
  readonly features: Readonly<Record<string, number>>;
}

export interface Starts {
  readonly kafka: (same: SameSettings) => Promise<BrokerProcess>;
  readonly moldau: (same: SameSettings) => Promise<BrokerProcess>;
}

const oneBroker: Starts = { kafka: startKafkaPeer, moldau: startMoldau };

export interface CompareOptions {
  readonly properties?: Readonly<Record<string, string>>;
  /** Instead of one broker each. */
  readonly start?: Starts;
  /** Run in order once both brokers have been stopped: commands that read a broker's files. */
  readonly afterStop?: readonly Scenario[];
}

export function compareWithKafka(scenarios: readonly Scenario[], options: CompareOptions = {}): void {
  let tools: KafkaTools;
  let kafka: BrokerProcess;
  let target: BrokerProcess;
  const brokers: BrokerProcess[] = [];
  const unserved = isAgainstItself ? new Set<ApiName>() : unservedApis();

  beforeAll(async () => {
    tools = new KafkaTools();
    const start = options.start ?? oneBroker;
    const startTarget = isAgainstItself ? start.kafka : start.moldau;
    const same = { properties: options.properties ?? {}, features: sameFeatures };
    const started = [start.kafka(same), startTarget(same)] as const;
    for (const broker of started) void broker.then((process) => brokers.push(process)).catch(() => undefined);
    [kafka, target] = await Promise.all(started);
  });

  afterAll(async () => {
    await tools.close();
    await Promise.all(brokers.map((broker) => broker.dispose()));
  });

  const check = async (scenario: Scenario): Promise<void> => {
    const runs = [
      new ScenarioRun(tools, { broker: kafka, unserved, isUnderTest: false }),
      new ScenarioRun(tools, { broker: target, unserved, isUnderTest: true }),
    ] as const;
    const expected: StepOutput[] = [];
    const seen: StepOutput[] = [];
    try {
      for (const step of scenario.steps) {
        const [one, other] = await playOnBoth(runs, step);
        if (one !== null) expected.push(one);
        if (other !== null) seen.push(other);
      }
    } finally {
      await Promise.all(runs.map((run) => run.dispose()));
    }
    if (process.env['MOLDAU_COMPAT_SHOW'] === '1') show(expected, seen);
    expect(seen.flatMap(asText)).toEqual(expected.flatMap(asText));
  };

  const served = scenarios.filter(({ needs }) => needs === undefined || !unserved.has(needs));
  test.each(served.map((scenario) => [scenario.name, scenario] as const))('%s', (_, scenario) => check(scenario));

  if (options.afterStop !== undefined) {
    const later = options.afterStop;
    test(`once the brokers have stopped: ${later.map(({ name }) => name).join(', ')}`, async () => {
      await Promise.all([kafka.stop(), target.stop()]);
      for (const scenario of later) await check(scenario);
    });
  }
}

/** How often a command that only looks is repeated while the brokers tell different things. */
const MAX_LOOKS = 10;

/**
 * What a change comes to reaches what a broker tells a little later than the change is answered, also in Apache Kafka; so
 * commands that only look are given a few more looks before they may differ.
 */
async function playOnBoth(
  [kafka, target]: readonly [ScenarioRun, ScenarioRun],
  step: Step,
): Promise<readonly [StepOutput | null, StepOutput | null]> {
  for (let looks = 1; ; looks++) {
    const [expected, seen] = await Promise.all([kafka.play(step), target.play(step)]);
    const isSame = expected?.lines.join('\n') === seen?.lines.join('\n');
    if (isSame || !isLook(step) || looks === MAX_LOOKS) return [expected, seen];
  }
}

function isLook(step: Step): boolean {
  return 'tool' in step && !('start' in step) && step.args.some((arg) => /^(--list|--describe|describe|--verify)$/.test(arg));
}

function unservedApis(): Set<ApiName> {
  return new Set((Object.keys(handlers) as ApiName[]).filter((name) => 'notServed' in handlers[name]));
}

/** What Apache Kafka printed, and how long each command took against it and against the broker under test. */
function show(expected: readonly StepOutput[], seen: readonly StepOutput[]): void {
  const steps = expected.map(
    (output, index) => `${asText(output).join('\n')}\n  (${output.tookMs} ms, ${seen[index]?.tookMs} ms)\n`,
  );
  process.stderr.write(steps.join(''));
}

function asText(output: StepOutput): string[] {
  return [`$ ${output.command}`, ...output.lines];
}
