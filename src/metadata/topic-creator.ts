/**
 * Creating topics that somebody needs: by auto.create.topics.enable, and the internal ones. A topic is asked for once, until
 * the controller has answered; whoever needs it meanwhile asks again, as clients do.
 */
import type { Logger } from '../../wire/base/env';
import { ErrorCode, errorName } from '../../wire/base/error-codes';

export interface TopicToCreate {
  readonly name: string;
  readonly numPartitions: number;
  readonly replicationFactor: number;
  readonly configs: ReadonlyMap<string, string>;
}

/** Asks the controller; calls back with Kafka's code. */
export type CreateTopic = (topic: TopicToCreate, done: (errorCode: number, message: string | null) => void) => void;

export class TopicCreator {
  private readonly underWay = new Set<string>();

  constructor(
    private readonly settingsOf: (name: string) => Omit<TopicToCreate, 'name'>,
    private readonly createTopic: CreateTopic,
    private readonly logger: Logger,
  ) {}

  create(name: string): void {
    if (this.underWay.has(name)) return;
    this.underWay.add(name);
    this.createTopic({ name, ...this.settingsOf(name) }, (errorCode, message) => {
      this.underWay.delete(name);
      if (errorCode === ErrorCode.NONE || errorCode === ErrorCode.TOPIC_ALREADY_EXISTS) return;
      this.logger.warn(`topic ${name} could not be created: ${message ?? errorName(errorCode)}`);
    });
  }
}
