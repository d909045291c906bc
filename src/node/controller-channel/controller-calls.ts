/**
 * The controller of this very process, asked by call instead of by request: its operations with the values as they are, and
 * anything else as its listeners would handle it.
 */
import type { Controller } from '../../../controller/control/controller';
import { apis, latestStableVersion, type ApiName } from '../../../wire/api-keys';
import { ErrorCode } from '../../../wire/base/error-codes';
import { ServerError, type RequestFor } from '../../../wire/broker-link';
import { decode, encode } from '../../../wire/codec';
import type { ResponseOf } from '../../../wire/exchange';
import type { PeerDone } from '../../../wire/peer-link';
import type { Input, Message } from '../../../wire/schema';
import { withDefaults } from '../../../wire/with-defaults';
import type { ControllerServices } from '../../controller-services';
import { concatenated } from '../../handlers/envelope-body';
import { controllerHandlers } from '../../handlers/controller/index';
import { isOperation, operations } from '../../handlers/controller/operations';
import { isBytes } from '../../network/response-body';
import type { ControllerCalls } from './queued-channel';

/** An operation whose names have been forgotten: the table's row ties them, the compiler does not follow it. */
type AnyOperation = (
  controller: Controller,
  request: unknown,
  context: { readonly apiVersion: number },
  respond: (response: unknown) => void,
) => void;

type Done = (result: unknown) => void;

export class InProcessCalls implements ControllerCalls {
  constructor(private readonly services: ControllerServices) {}

  call<N extends ApiName>(name: N, request: RequestFor<N>, done: PeerDone<N>): void {
    const apiVersion = latestStableVersion(apis[name]);
    const given = (typeof request === 'function' ? request(apiVersion) : request) as Input<Message>;
    const answered: Done = (result) => done(result as ResponseOf<N> | ServerError);
    if (isOperation(name)) {
      const operation = operations[name] as unknown as AnyOperation;
      operation(this.services.controller, withDefaults<Message>(apis[name].request, given), { apiVersion }, answered);
    } else {
      this.handle(name, apiVersion, given, answered);
    }
  }

  private handle(name: ApiName, apiVersion: number, request: Input<Message>, done: Done): void {
    const found = controllerHandlers[name];
    if (found === undefined) return done(new ServerError(ErrorCode.UNSUPPORTED_VERSION, name));
    const { services } = this;
    const failed = (error: unknown): void => {
      services.env.logger.error('the controller failed on a request of this process', { api: name, error: String(error) });
      // It would fail again: this ends the call.
      done(new ServerError(ErrorCode.UNKNOWN_SERVER_ERROR, name));
    };
    const connection = {
      id: 0,
      listenerName: services.config.controllerListenerNames[0] ?? '',
      remoteHost: '127.0.0.1',
      close: (why: string): void => failed(why),
      whenGone: () => () => undefined,
      failed,
    };
    const call = { services, apiVersion, clientId: String(services.nodeId), connection };
    found.handle(call, encode(apis[name].request as Message, apiVersion, request), (response) => {
      const body = concatenated((response?.chunks ?? []).filter(isBytes));
      done(decode(apis[name].response as Message, apiVersion, body));
    });
  }
}
