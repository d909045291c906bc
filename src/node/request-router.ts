/** From the network floor to the handlers: which APIs are served, and the call that a handler gets. */
import type { ApiName } from '../../wire/api-keys';
import { apiByKey } from '../../wire/api-keys';
import type { ApiHandler } from '../handlers/handler';
import { handlers } from '../handlers/index';
import type { Continuation, NetworkRequest, RequestHandler, Respond, ServedApi } from '../network/request-handler';
import type { Services } from '../services';

export class RequestRouter implements RequestHandler {
  constructor(private readonly services: Services) {}

  served(apiKey: number): ServedApi | undefined {
    return this.find(apiKey);
  }

  handle(request: NetworkRequest, body: Uint8Array, respond: Respond): Continuation | void {
    const { connection, apiVersion, clientId, api } = request;
    const call = { services: this.services, apiVersion, clientId: clientId ?? '', connection };
    return this.find(api.key)?.handle(call, body, respond);
  }

  private find(apiKey: number): ApiHandler | undefined {
    const name = apiByKey(apiKey)?.name as ApiName | undefined;
    const row = name === undefined ? undefined : handlers[name];
    return row === undefined || 'notServed' in row ? undefined : row;
  }
}
