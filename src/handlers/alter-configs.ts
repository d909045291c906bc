/**
 * IncrementalAlterConfigs (KIP-339) and the older AlterConfigs, which replaces a resource's whole set. Each resource is
 * changed whole or not at all.
 */
import { apis } from '../../wire/api-keys';
import { handler } from './handler';

export const incrementalAlterConfigs = handler({
  request: apis.IncrementalAlterConfigs.request,
  response: apis.IncrementalAlterConfigs.response,
  handle: (call, request, respond) => call.services.controller.incrementalAlterConfigs(request, respond),
});

export const alterConfigs = handler({
  request: apis.AlterConfigs.request,
  response: apis.AlterConfigs.response,
  handle: (call, request, respond) => call.services.controller.alterConfigs(request, respond),
});
