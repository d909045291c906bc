/** A record that contradicts what came before it: a bug somewhere, and applying it anyway would hide it. The node stops. */
export class ReplayError extends Error {
  override readonly name = 'ReplayError';
}
