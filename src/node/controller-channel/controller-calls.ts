/** The controller of this very process, asked by call instead of by request. */
import type { Controller } from '../../../controller/control/controller';
import { apis, latestStableVersion, type ApiName } from '../../../wire/api-keys';
import { ErrorCode } from '../../../wire/base/error-codes';
import { ServerError, type RequestFor } from '../../../wire/broker-link';
import type { RequestInput, ResponseOf } from '../../../wire/exchange';
import type { PeerDone } from '../../../wire/peer-link';
import type { Message } from '../../../wire/schema';
import { withDefaults } from '../../../wire/with-defaults';
import { isOperation, operations } from '../../handlers/controller/operations';
import type { ControllerCalls } from './queued-channel';

/** An operation whose names have been forgotten: the table's row ties them, the compiler does not follow it. */
type AnyOperation = (
  controller: Controller,
  request: unknown,
  context: { readonly apiVersion: number },
  respond: (response: unknown) => void,
) => void;

export class InProcessCalls implements ControllerCalls {
  constructor(private readonly controller: Controller) {}

  call<N extends ApiName>(name: N, request: RequestFor<N>, done: PeerDone<N>): void {
    if (!isOperation(name)) return done(new ServerError(ErrorCode.UNSUPPORTED_VERSION, name));
    const apiVersion = latestStableVersion(apis[name]);
    const given = typeof request === 'function' ? request(apiVersion) : (request as RequestInput<N>);
    const whole = withDefaults<Message>(apis[name].request, given as Parameters<typeof withDefaults<Message>>[1]);
    const operation = operations[name] as unknown as AnyOperation;
    operation(this.controller, whole, { apiVersion }, (response) => done(response as ResponseOf<N>));
  }
}
