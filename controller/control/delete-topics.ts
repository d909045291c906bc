/** DeleteTopics, by name or id. (KIP-4, KIP-516) The metadata goes at once; brokers delete the logs afterwards. */
import { ErrorCode } from '../../wire/base/error-codes';
import { ZERO_UUID } from '../../wire/base/uuid';
import type { DeleteTopicsRequest, DeleteTopicsResponse } from '../../wire/schema/topic';
import { metadataRecord, type MetadataRecord } from '../metadata/records';
import type { Topic } from '../metadata/topic';
import { ApiException, NO_ERROR, apiError, type ApiError } from './api-error';
import { assertBounded, type ControlResult } from './control-result';
import type { Controls, RequestContext } from './controls';

type Answer = DeleteTopicsResponse['responses'][number];

/** Names and ids as they were given, each with the number of times. */
interface Wanted {
  readonly names: ReadonlyMap<string, number>;
  readonly ids: ReadonlyMap<string, number>;
  readonly malformed: readonly Answer[];
}

/** Throws ApiException when topics may not be deleted at all. */
export function deleteTopics(
  controls: Controls,
  request: DeleteTopicsRequest,
  context: RequestContext,
): ControlResult<DeleteTopicsResponse> {
  if (!controls.config.deleteTopicEnable) {
    if (context.apiVersion < 3) throw new ApiException(ErrorCode.INVALID_REQUEST, 'Topic deletion is disabled.');
    throw new ApiException(ErrorCode.TOPIC_DELETION_DISABLED);
  }
  const { names, ids, malformed } = wantedOf(request);
  const deletion = new Deletion(controls, context);
  for (const [id, count] of ids) deletion.byId(id, count);
  for (const [name, count] of names) deletion.byName(name, count);
  const { records, answers } = deletion.finish();
  assertBounded(records);
  return { records, response: { throttleTimeMs: 0, responses: [...malformed, ...answers] } };
}

function wantedOf(request: DeleteTopicsRequest): Wanted {
  const names = new Map<string, number>();
  const ids = new Map<string, number>();
  const malformed: Answer[] = [];
  const count = (map: Map<string, number>, key: string): unknown => map.set(key, (map.get(key) ?? 0) + 1);
  for (const name of request.topicNames) count(names, name);
  for (const { name, topicId } of request.topics) {
    if (name === null && topicId === ZERO_UUID) {
      malformed.push(
        answer(null, topicId, apiError(ErrorCode.INVALID_REQUEST, 'Neither topic name nor id were specified.')),
      );
    } else if (name !== null && topicId !== ZERO_UUID) {
      malformed.push(
        answer(name, topicId, apiError(ErrorCode.INVALID_REQUEST, 'You may not specify both topic name and topic id.')),
      );
    } else if (name === null) count(ids, topicId);
    else count(names, name);
  }
  return { names, ids, malformed };
}

class Deletion {
  private readonly answers: Answer[] = [];
  private readonly chosen = new Map<string, Topic>();
  private readonly duplicateIds = new Set<string>();

  constructor(
    private readonly controls: Controls,
    private readonly context: RequestContext,
  ) {}

  byId(id: string, count: number): void {
    const topic = this.controls.state.image.topics.topicById(id);
    if (count > 1) {
      this.duplicateIds.add(id);
      this.refuse(null, id, apiError(ErrorCode.INVALID_REQUEST, 'Duplicate topic id.'));
    } else if (topic === undefined) {
      this.refuse(null, id, apiError(ErrorCode.UNKNOWN_TOPIC_ID));
    } else if (!this.mayDelete(topic.name)) {
      this.refuse(this.mayDescribe(topic.name) ? topic.name : null, id, apiError(ErrorCode.TOPIC_AUTHORIZATION_FAILED));
    } else this.chosen.set(id, topic);
  }

  byName(name: string, count: number): void {
    const topic = this.controls.state.image.topics.topicByName(name);
    if (count > 1) {
      this.refuse(name, ZERO_UUID, apiError(ErrorCode.INVALID_REQUEST, 'Duplicate topic name.'));
    } else if (!this.mayDescribe(name)) {
      this.refuse(name, ZERO_UUID, apiError(ErrorCode.TOPIC_AUTHORIZATION_FAILED));
    } else if (topic === undefined) {
      this.refuse(name, ZERO_UUID, apiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION));
    } else if (!this.mayDelete(name)) {
      this.refuse(name, ZERO_UUID, apiError(ErrorCode.TOPIC_AUTHORIZATION_FAILED));
    } else if (this.duplicateIds.has(topic.id) || this.chosen.has(topic.id)) {
      this.chosen.delete(topic.id);
      this.duplicateIds.add(topic.id);
      const message = 'The provided topic name maps to an ID that was already supplied.';
      this.refuse(name, topic.id, apiError(ErrorCode.INVALID_REQUEST, message));
    } else this.chosen.set(topic.id, topic);
  }

  finish(): { records: MetadataRecord[]; answers: Answer[] } {
    const records: MetadataRecord[] = [];
    for (const { id, name, partitionCount } of this.chosen.values()) {
      if (this.context.takePartitionQuota?.(partitionCount) === false) {
        this.refuse(name, id, apiError(ErrorCode.THROTTLING_QUOTA_EXCEEDED));
        continue;
      }
      records.push(metadataRecord('RemoveTopicRecord', 0, { topicId: id }));
      this.refuse(name, id, NO_ERROR);
    }
    return { records, answers: this.answers };
  }

  private refuse(name: string | null, id: string, error: ApiError): void {
    this.answers.push(answer(name, id, error));
  }

  private mayDelete(name: string): boolean {
    return this.context.mayDeleteTopic?.(name) ?? true;
  }

  private mayDescribe(name: string): boolean {
    return this.context.mayDescribeTopic?.(name) ?? true;
  }
}

function answer(name: string | null, topicId: string, error: ApiError): Answer {
  return { name, topicId, errorCode: error.code, errorMessage: error.message };
}
