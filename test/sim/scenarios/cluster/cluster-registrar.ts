/**
 * An administrator who writes unique values to a config of every topic, through whichever node, and asks the nodes what they
 * hold; all that he is told goes to the checker of registers (I16). He also asks the controller, by way of a creation that is
 * only validated, whether it still knows the topics that it has acknowledged.
 */

import { ErrorCode, isRetriable } from '../../../../wire/base/error-codes';
import type { SimRandom } from '../../random';
import { describe, NO_ANSWER } from '../broker/sim-client';
import type { RegisterChecker } from './checkers/registers';
import type { AdminParts } from './cluster-admin';
import { NODE_IDS } from './cluster-config';

/** Changes nothing that anybody here relies on. */
export const REGISTER_CONFIG = 'delete.retention.ms';
const TOPIC_RESOURCE = 2;
const SET = 0;
/** Looks at a node until it has what was written last: then it will never have it. */
const MAX_END_TRIES = 200;
/** The config of a topic itself, not a default. */
const TOPIC_SOURCE = 1;

export interface RegistrarParts extends AdminParts {
  readonly registers: RegisterChecker;
  nowMs(): number;
  /** Tells the lives of a node apart: an answer counts when nothing has changed meanwhile. */
  lifeOf(node: number): string;
}

export class ClusterRegistrar {
  private values = 0;

  constructor(private readonly parts: RegistrarParts) {}

  /** One attempt at something. */
  async step(random: SimRandom, topic: string): Promise<void> {
    switch (random.weighted([5, 0.5, 4, 1])) {
      case 0:
        return this.write(topic, String(this.values++));
      case 1:
        return this.write(topic, `-${++this.values}`);
      case 2:
        return this.read(topic, random.pick(NODE_IDS));
      default:
        return this.askController(topic);
    }
  }

  /** In the end every node holds what was written last. */
  async check(topics: readonly string[]): Promise<void> {
    const { registers, ghost, client } = this.parts;
    for (const topic of topics) {
      for (const node of NODE_IDS) {
        // What was sent on for a writer who has given up may be written yet.
        let value = await this.valueAt(topic, node);
        for (let tries = 0; value === undefined || !registers.isAllKnown() || value !== registers.latest(topic); tries++) {
          if (tries === MAX_END_TRIES) ghost.violate(`I16 in the end node ${node} holds '${value}' as the config of ${topic}, and '${registers.latest(topic)}' was written last`);
          await client.pause(100);
          value = await this.valueAt(topic, node);
        }
      }
    }
    registers.finish();
  }

  private async write(topic: string, value: string): Promise<void> {
    const { client, ghost, registers, count, nowMs } = this.parts;
    registers.writing(topic, value, nowMs());
    const configs = [{ name: REGISTER_CONFIG, configOperation: SET, value }];
    const request = { resources: [{ resourceType: TOPIC_RESOURCE, resourceName: topic, configs }], validateOnly: false };
    const response = await client.ask(client.nextNode(), 'IncrementalAlterConfigs', 1, request);
    const code = response === NO_ANSWER ? ErrorCode.NETWORK_EXCEPTION : (response.responses[0]?.errorCode ?? ErrorCode.NONE);
    if (code === ErrorCode.NONE) {
      registers.acked(topic, value, nowMs());
      return count('register written');
    }
    if (isRetriable(code)) return;
    // A node that has not heard of the topic yet knows no config of it.
    if (code !== ErrorCode.INVALID_CONFIG && code !== ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) ghost.violate(`IncrementalAlterConfigs of ${topic} gave ${describe(code)}`);
    registers.refused(topic, value);
    count('register refused');
  }

  private async read(topic: string, node: number): Promise<void> {
    const { registers, count, lifeOf } = this.parts;
    const life = lifeOf(node);
    const value = await this.valueAt(topic, node);
    if (value === undefined || lifeOf(node) !== life) return;
    registers.said(life, topic, value);
    count('register read');
  }

  /** Undefined when it does not say. */
  private async valueAt(topic: string, node: number): Promise<string | null | undefined> {
    const request = { resources: [{ resourceType: TOPIC_RESOURCE, resourceName: topic, configurationKeys: [REGISTER_CONFIG] }] };
    const response = await this.parts.client.ask(node, 'DescribeConfigs', 4, request);
    const result = response === NO_ANSWER ? undefined : response.results[0];
    if (result?.errorCode !== ErrorCode.NONE) return undefined;
    const config = result.configs.find(({ name }) => name === REGISTER_CONFIG);
    return config?.configSource === TOPIC_SOURCE ? config.value : null;
  }

  /** A topic whose creation was acknowledged is there for every later controller. */
  private async askController(name: string): Promise<void> {
    const { client, ghost, count } = this.parts;
    const request = { topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }], timeoutMs: 1_500, validateOnly: true };
    const response = await client.ask(client.nextNode(), 'CreateTopics', 7, request);
    const code = response === NO_ANSWER ? ErrorCode.NETWORK_EXCEPTION : (response.topics[0]?.errorCode ?? ErrorCode.NONE);
    if (code === ErrorCode.TOPIC_ALREADY_EXISTS) return count('controller asked');
    if (!isRetriable(code)) ghost.violate(`I16 ${name} was created, and the controller would create it again: ${describe(code)}`);
  }
}
