/** What an answer of a controller says about the controller itself. */
import { ErrorCode } from '../../wire/base/error-codes';

/** Whether NOT_CONTROLLER stands anywhere in it: at the top, or as the error of one of its items. */
export function saysNotController(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null || ArrayBuffer.isView(answer)) return false;
  if ('errorCode' in answer && answer.errorCode === ErrorCode.NOT_CONTROLLER) return true;
  return Object.values(answer).some(saysNotController);
}
