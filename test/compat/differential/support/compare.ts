/**
 * Starts Apache Kafka and Moldau for a test file and turns each scenario into a test: the same raw requests to both, the
 * answers field by field the same.
 *
 * MOLDAU_COMPAT_SHOW=1 prints what Kafka answered; MOLDAU_COMPAT_MESSAGES=1 compares the texts of error messages too, not
 * only whether there is one.
 */
import { startKafkaPeer, singleBrokerProperties, type BrokerProcess } from '../../../support/kafka-peer';
import { needs } from '../../../support/needs';
import { startTestBroker, type TestBroker } from '../../../handlers/support/test-broker';
import { complaints, differencesOf } from './differences';
import { runScenario, type StepOutcome } from './run-scenario';
import { ask, type Scenario } from './steps';

const withMessages = process.env['MOLDAU_COMPAT_MESSAGES'] === '1';
/** Kafka is formatted at the levels of Moldau, which finalizes these later. */
const moldausFeatures = {
  'eligible.leader.replicas.version': 0,
  'group.version': 0,
  'share.version': 0,
  'streams.version': 0,
  'transaction.version': 0,
};

const START_TIMEOUT_MS = 120_000;

const coordinatorIsThere: Scenario = {
  title: 'the coordinator is there',
  steps: [
    ask(
      'FindCoordinator',
      4,
      { coordinatorKeys: ['any'] },
      { until: ({ coordinators }) => coordinators[0]?.errorCode === 0 },
    ),
    ask(
      'DescribeGroups',
      0,
      { groups: ['any'], includeAuthorizedOperations: false },
      { until: ({ groups }) => groups[0]?.errorCode === 0 },
    ),
  ],
};

export interface DifferentialOptions {
  readonly properties?: Readonly<Record<string, string>>;
  /** Without the group coordinator's topic, as a broker is at first. */
  readonly isBare?: true;
}

export function compareWithKafka(
  title: string,
  scenarios: readonly Scenario[],
  options: DifferentialOptions = {},
): void {
  needs('kafka')(title, () => {
    let kafka: BrokerProcess;
    let moldau: TestBroker;
    /** Whatever has come up goes down, also when the other has not. */
    const endings: (() => Promise<void>)[] = [];

    beforeAll(async () => {
      const properties = { ...singleBrokerProperties, ...options.properties };
      const starting = [
        startKafkaPeer({ properties, heapMb: 512, features: moldausFeatures }).then((started) =>
          endings.push((kafka = started).dispose),
        ),
        startTestBroker(properties).then((started) => endings.push((moldau = started).stop)),
      ];
      await Promise.allSettled(starting);
      await Promise.all(starting);
      if (options.isBare !== true)
        await Promise.all([portOf(kafka), moldau.port].map((port) => runScenario(coordinatorIsThere, port, false)));
    }, START_TIMEOUT_MS);

    afterAll(async () => {
      await Promise.all(endings.map((end) => end()));
    }, START_TIMEOUT_MS);

    test.each(scenarios.map((scenario) => [scenario.title, scenario] as const))('%s', async (_, scenario) => {
      const expected = await runScenario(scenario, portOf(kafka), withMessages);
      show(expected);
      const seen = await runScenario(scenario, moldau.port, withMessages);
      expect(complaints(differencesOf(expected, seen), scenario.allowed ?? [])).toEqual([]);
      expect(moldau.takeErrors()).toEqual([]);
    });
  });
}

function portOf({ bootstrap }: BrokerProcess): number {
  return Number(bootstrap.slice(bootstrap.lastIndexOf(':') + 1));
}

function show(outcomes: readonly StepOutcome[]): void {
  if (process.env['MOLDAU_COMPAT_SHOW'] !== '1') return;
  for (const { step, outcome } of outcomes) process.stderr.write(`${step}: ${JSON.stringify(outcome)}\n`);
}
