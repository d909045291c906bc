/** The way from a broker to the active controller, wherever it is: in this process, or on another node. */
import type { ApiName } from '../wire/api-keys';
import type { RequestFor } from '../wire/broker-link';
import type { PeerDone } from '../wire/peer-link';

export interface ControllerChannel {
  /**
   * Asks the active controller once one is known. A controller that is gone, or says NOT_CONTROLLER, is looked for anew and
   * asked again, so what is asked may happen twice: every operation of the controller bears that. Ends exactly once, never
   * within the call: with the answer, or after `timeoutMs` with the last failure (kind 'timeout' when nobody led).
   */
  call<N extends ApiName>(api: N, request: RequestFor<N>, timeoutMs: number, done: PeerDone<N>): void;
}
