/**
 * The way to the active controller for one purpose: requests wait in order until somebody leads, one is under way at a
 * time, and one that did not reach the active controller goes back to the front. (KIP-500, `NodeToControllerRequestThread`)
 *
 * States of a request: waiting, under way, ended. Invariants: it ends exactly once and never within the call; what comes
 * after its end, or over a link that was given up, changes nothing. A controller in this process is asked by call, and
 * there several requests may be under way.
 */
import type { ApiName } from '../../../wire/api-keys';
import type { Clock, TimerHandle, Timers } from '../../../wire/base/env';
import { ServerError, type AskOptions, type RequestFor } from '../../../wire/broker-link';
import { ExchangeError } from '../../../wire/client-connection';
import { isPeerFailure, type PeerDone, type PeerFailure } from '../../../wire/peer-link';
import type { ControllerChannel } from '../../controller-channel';
import { saysNotController } from '../../handlers/not-controller';

export interface ControllerAddress {
  readonly host: string;
  readonly port: number;
}

/** The controller of this very node, asked by call. May answer within the call. */
export interface ControllerCalls {
  call<N extends ApiName>(api: N, request: RequestFor<N>, done: PeerDone<N>): void;
}

/** As the quorum sees it now. */
export type ActiveController = ControllerCalls | ControllerAddress;

export interface ControllerLink {
  call<N extends ApiName>(api: N, request: RequestFor<N>, options: AskOptions, done: PeerDone<N>): void;
  close(): void;
}

export interface QueuedChannelParts {
  readonly clock: Clock;
  readonly timers: Timers;
  /** What one try may take. */
  readonly tryTimeoutMs: number;
  /** Null while nobody is known to lead. */
  activeController(): ActiveController | null;
  connect(address: ControllerAddress): ControllerLink;
}

/** Between two looks for a controller while none is known. */
const LOOK_MS = 100;
/** After a controller that was lost, or was none. */
const RECONNECT_MS = 50;
const MAX_CALLS = 1000;

interface Call {
  readonly deadlineMs: number;
  timer: TimerHandle | null;
  lastFailure: PeerFailure | null;
  isEnded: boolean;
  /** Asks over a link, or here; the result is for `settle`. */
  readonly askThere: (link: ControllerLink, timeoutMs: number, settle: (result: unknown) => void) => void;
  readonly askHere: (controller: ControllerCalls, settle: (result: unknown) => void) => void;
  readonly end: (result: unknown) => void;
}

export class QueuedChannel implements ControllerChannel {
  private readonly waiting: Call[] = [];
  private underWay: Call | null = null;
  private readonly askedHere = new Set<Call>();
  private link: { readonly address: ControllerAddress; readonly link: ControllerLink } | null = null;
  private look: TimerHandle | null = null;
  private isClosed = false;

  constructor(private readonly parts: QueuedChannelParts) {}

  call<N extends ApiName>(api: N, request: RequestFor<N>, timeoutMs: number, done: PeerDone<N>): void {
    const { timers, clock } = this.parts;
    if (this.isClosed) return timers.soon(() => done(new ExchangeError('closed', 'the way to the controller was closed')));
    if (this.waiting.length + this.askedHere.size >= MAX_CALLS) {
      return timers.soon(() => done(new ExchangeError('overloaded', `${MAX_CALLS} calls wait for the controller`)));
    }
    const call: Call = {
      deadlineMs: clock.monotonicMs() + timeoutMs,
      timer: null,
      lastFailure: null,
      isEnded: false,
      askThere: (link, tryMs, settle) => link.call(api, request, { timeoutMs: tryMs }, settle),
      askHere: (controller, settle) => controller.call(api, request, settle),
      // What is settled came out of this very api's `call`.
      end: (result) => done(result as Parameters<PeerDone<N>>[0]),
    };
    if (Number.isFinite(timeoutMs)) call.timer = timers.set(timeoutMs, () => this.expire(call));
    this.waiting.push(call);
    this.pump();
  }

  /** Somebody may lead now: looks at once. */
  wake(): void {
    if (this.look === null) return;
    this.look.cancel();
    this.look = null;
    this.pump();
  }

  /** Another node leads, or nobody: an answer of the one before may never come, or be that it is not the controller. */
  leaderChanged(): void {
    if (this.link !== null) {
      const active = this.parts.activeController();
      const isSame = active !== null && !('call' in active) && isSameAddress(active, this.link.address);
      // What is under way there fails by that, and is put back.
      if (!isSame) this.giveLinkUp();
    }
    this.wake();
  }

  /** Everything that waits fails, in a later turn. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.look?.cancel();
    this.giveLinkUp();
    const calls = [...this.waiting.splice(0), ...this.askedHere, ...(this.underWay === null ? [] : [this.underWay])];
    for (const call of calls) call.timer?.cancel();
    const failure = new ExchangeError('closed', 'the way to the controller was closed');
    this.parts.timers.soon(() => {
      for (const call of calls) this.end(call, failure);
    });
  }

  private pump(): void {
    while (!this.isClosed && this.look === null && this.underWay === null && this.waiting.length > 0) {
      const controller = this.parts.activeController();
      if (controller === null) {
        this.giveLinkUp();
        return this.lookAfter(LOOK_MS);
      }
      const call = this.waiting.shift() as Call;
      if ('call' in controller) this.askHere(controller, call);
      else this.askThere(controller, call);
    }
  }

  private askHere(controller: ControllerCalls, call: Call): void {
    this.giveLinkUp();
    this.askedHere.add(call);
    this.parts.timers.soon(() => {
      if (this.isClosed) return;
      call.askHere(controller, (result) => {
        this.askedHere.delete(call);
        if (!call.isEnded) this.settle(call, result);
      });
    });
  }

  private askThere(address: ControllerAddress, call: Call): void {
    if (this.link === null || !isSameAddress(this.link.address, address)) {
      this.giveLinkUp();
      this.link = { address, link: this.parts.connect(address) };
    }
    this.underWay = call;
    const { link } = this.link;
    const leftMs = call.deadlineMs - this.parts.clock.monotonicMs();
    call.askThere(link, Math.max(1, Math.min(leftMs, this.parts.tryTimeoutMs)), (result) => {
      if (this.underWay !== call) return;
      this.underWay = null;
      if (call.isEnded) this.pump();
      else this.settle(call, result);
    });
  }

  /** Ends the call, or puts it back: then the controller is looked for anew. */
  private settle(call: Call, result: unknown): void {
    if (this.isClosed) return;
    const isLost = isPeerFailure(result) && !(result instanceof ServerError);
    if (!isLost && !saysNotController(result)) {
      this.end(call, result);
      return this.pump();
    }
    if (isLost) call.lastFailure = result;
    this.giveLinkUp();
    this.waiting.unshift(call);
    this.lookAfter(RECONNECT_MS);
  }

  private expire(call: Call): void {
    const at = this.waiting.indexOf(call);
    if (at >= 0) this.waiting.splice(at, 1);
    this.end(call, call.lastFailure ?? new ExchangeError('timeout', 'no active controller answered in time'));
    if (this.waiting.length === 0 && this.underWay === null) {
      this.look?.cancel();
      this.look = null;
    }
  }

  private end(call: Call, result: unknown): void {
    if (call.isEnded) return;
    call.isEnded = true;
    call.timer?.cancel();
    call.end(result);
  }

  private lookAfter(delayMs: number): void {
    this.look ??= this.parts.timers.set(delayMs, () => {
      this.look = null;
      this.pump();
    });
  }

  private giveLinkUp(): void {
    this.link?.link.close();
    this.link = null;
  }
}

function isSameAddress(a: ControllerAddress, b: ControllerAddress): boolean {
  return a.host === b.host && a.port === b.port;
}
