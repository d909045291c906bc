/** A coordinator of counters: `add` writes records, `peek` waits for them. For tests of the runtime alone. */
import type { MachineEffect, MachineInput, RecordCodec, ShardMachine } from '../../../src/coordinator/shard-machine';
import type { UndoLog } from '../../../src/coordinator/undo-log';

export type ToyRequest =
  | {
      readonly kind: 'add';
      readonly values: readonly string[];
      readonly atomic?: boolean;
      readonly producerId?: number;
    }
  | { readonly kind: 'peek' }
  /** Parks until a timer fires. */
  | { readonly kind: 'wait'; readonly delayMs: number }
  /** Soft state first, then a record that is not replayed. */
  | { readonly kind: 'soft'; readonly value: string }
  | { readonly kind: 'guarded' };

export type ToyEffect = MachineEffect<string, number, string>;

export class ToyMachine implements ShardMachine<ToyRequest, string, number, string> {
  readonly values: string[] = [];
  readonly replayed: string[] = [];
  readonly fates: string[] = [];
  private nextWrite = 1;

  step(input: MachineInput<ToyRequest, number>, _nowMs: number, effects: ToyEffect[]): void {
    switch (input.kind) {
      case 'request':
        return this.request(input.token, input.request, effects);
      case 'timer':
        effects.push({ kind: 'respond', token: input.timer, response: 'woken' });
        return;
      case 'written':
        this.fates.push(`written ${input.write}`);
        return;
      case 'writeFailed':
        this.fates.push(`failed ${input.write} ${input.errorCode}${input.isStored ? ' stored' : ''}`);
        return;
      case 'loaded':
      case 'unloaded':
        this.fates.push(input.kind);
    }
  }

  replay(record: string, offset: number, producerId: number, _nowMs: number, undo: UndoLog | null): void {
    this.values.push(record);
    this.replayed.push(`${record}@${offset}${producerId < 0 ? '' : ` by ${producerId}`}`);
    undo?.push(() => this.values.pop());
  }

  replayEndTransactionMarker(producerId: number, committed: boolean, undo: UndoLog | null): void {
    this.values.push(`${committed ? 'commit' : 'abort'} ${producerId}`);
    undo?.push(() => this.values.pop());
  }

  private request(token: number, request: ToyRequest, effects: ToyEffect[]): void {
    switch (request.kind) {
      case 'add': {
        const { values, atomic = true, producerId } = request;
        const producer = producerId === undefined ? null : { producerId, producerEpoch: 3, verificationGuard: 'guard' };
        effects.push({ kind: 'append', records: values, replay: true, atomic, write: null, producer });
        effects.push({ kind: 'respondWhenCommitted', token, response: `added ${values.length}`, evenIfLate: false });
        return;
      }
      case 'peek':
        effects.push({ kind: 'respondWhenCommitted', token, response: this.values.join(' '), evenIfLate: true });
        return;
      case 'wait':
        effects.push({ kind: 'startTimer', key: `t${token}`, delayMs: request.delayMs, timer: token });
        return;
      case 'soft':
        effects.push({
          kind: 'append',
          records: [request.value],
          replay: false,
          atomic: true,
          write: this.nextWrite++,
          producer: null,
        });
        effects.push({ kind: 'respond', token, response: 'at once' });
        return;
      case 'guarded':
        effects.push({ kind: 'failUnlessCommitted', token });
    }
  }
}

/** Text as it is; keys of type 9 are of another version. */
export const toyCodec: RecordCodec<string> = {
  encode: (record) => ({ key: new Uint8Array([0, 1]), value: new TextEncoder().encode(record) }),
  decode: (key, value) => (key[1] === 1 && value !== null ? new TextDecoder().decode(value) : null),
};
