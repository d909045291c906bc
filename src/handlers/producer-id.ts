/**
 * InitProducerId: a new id, epoch 0, for an idempotent producer (KIP-98). v3 epoch bump (KIP-360), v5 transaction V2, v6
 * two-phase commit. A transactional id is refused with an error that ends the producer at once: transactions come later.
 */
import { apis } from '../../wire/api-keys';
import { ErrorCode } from '../../wire/base/error-codes';
import { handler } from './handler';

const NONE = { producerId: -1, producerEpoch: -1 };
/** v6 is still under construction in Kafka 4.3. */
const MAX_VERSION = 5;

export const initProducerId = handler({
  request: apis.InitProducerId.request,
  response: apis.InitProducerId.response,
  maxVersion: MAX_VERSION,
  handle(call, request, respond) {
    if (request.transactionalId === '') {
      respond({ errorCode: ErrorCode.INVALID_REQUEST, ...NONE });
      return;
    }
    if (request.transactionalId !== null) {
      respond({ errorCode: ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, ...NONE });
      return;
    }
    // KIP-360: one's own id and epoch come together.
    if ((request.producerId === NONE.producerId) !== (request.producerEpoch === NONE.producerEpoch)) {
      respond({ errorCode: ErrorCode.INVALID_REQUEST, ...NONE });
      return;
    }
    call.services.producerIds.next((id) => {
      if (id.ok) respond({ errorCode: ErrorCode.NONE, producerId: id.producerId, producerEpoch: 0 });
      else respond({ errorCode: id.errorCode, ...NONE });
    });
  },
});
