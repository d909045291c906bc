/**
 * CreateTopics (v4 defaults by -1, KIP-464; v5 configs in the answer, KIP-525; v7 topic id), DeleteTopics (v6 by id) and
 * CreatePartitions: the controller decides, the answer leaves when its records have committed.
 */
import { apis } from '../../wire/api-keys';
import { handler, type Call } from './handler';

interface RequestContext {
  readonly apiVersion: number;
}

function contextOf(call: Call): RequestContext {
  return { apiVersion: call.apiVersion };
}

export const createTopics = handler({
  request: apis.CreateTopics.request,
  response: apis.CreateTopics.response,
  handle: (call, request, respond) => call.services.controller.createTopics(request, contextOf(call), respond),
});

export const deleteTopics = handler({
  request: apis.DeleteTopics.request,
  response: apis.DeleteTopics.response,
  handle: (call, request, respond) => call.services.controller.deleteTopics(request, contextOf(call), respond),
});

export const createPartitions = handler({
  request: apis.CreatePartitions.request,
  response: apis.CreatePartitions.response,
  handle: (call, request, respond) => call.services.controller.createPartitions(request, contextOf(call), respond),
});
