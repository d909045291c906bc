/**
 * From the network floor to the handlers of one kind of listener, the broker's or the controller's: which APIs are served
 * there, and the call that a handler gets.
 */
import type { ApiName } from '../../wire/api-keys';
import { apiByKey } from '../../wire/api-keys';
import type { ApiHandler } from '../handlers/handler';
import type { Continuation, NetworkRequest, RequestHandler, Respond, ServedApi } from '../network/request-handler';

export class RequestRouter<S> implements RequestHandler {
  constructor(
    private readonly find: (name: ApiName) => ApiHandler<S> | undefined,
    /** Null while there is nothing to serve with yet: whoever asks then is sent away, and connects again. */
    private readonly services: () => S | null,
  ) {}

  served(apiKey: number): ServedApi | undefined {
    return this.services() === null ? undefined : this.handlerOf(apiKey);
  }

  handle(request: NetworkRequest, body: Uint8Array, respond: Respond): Continuation | void {
    const { connection, apiVersion, clientId, api, metrics } = request;
    const services = this.services();
    if (services === null) return;
    const call = { services, apiVersion, clientId: clientId ?? '', connection, metrics };
    return this.handlerOf(api.key)?.handle(call, body, respond);
  }

  private handlerOf(apiKey: number): ApiHandler<S> | undefined {
    const name = apiByKey(apiKey)?.name as ApiName | undefined;
    return name === undefined ? undefined : this.find(name);
  }
}
