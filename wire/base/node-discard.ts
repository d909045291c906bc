/**
 * Part of the binding (`node-env.ts`): gives a large buffer's memory back to the system now, instead of at some garbage
 * collection, which does not see how much memory hangs on a few small objects. Whoever still looks at it sees no bytes.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';

interface Transferable {
  transfer(newLength: number): ArrayBuffer;
}

/** A closed port: what is posted to it is taken from its owner, and dropped. */
const drain: { port?: MessagePort } = {};

/** `buffer` is alone in its ArrayBuffer. */
export function discard(buffer: Uint8Array): void {
  const memory = buffer.buffer as ArrayBuffer & Partial<Transferable>;
  // Node 20 has no ArrayBuffer.prototype.transfer.
  if (memory.transfer !== undefined) memory.transfer(0);
  else drainPort().postMessage(null, [memory]);
}

function drainPort(): MessagePort {
  if (drain.port !== undefined) return drain.port;
  const { port1 } = new MessageChannel();
  port1.close();
  return (drain.port = port1);
}
