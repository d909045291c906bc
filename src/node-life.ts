/**
 * The life of one node among several in a process: it runs, it is paused, or it is over.
 *
 * While it is paused, nothing that comes from outside (timers, bytes, completions) reaches the node; it is held, and what was
 * held is told afterwards in its order, each in a turn of its own, before anything newer. Invariants: after the end nothing
 * is told but what gives buffers back to the process; connections are read only while the node runs.
 *
 * Held is what had been asked for before the pause, so its number is bounded by what was open; connections that come
 * meanwhile have a bound of their own.
 */

/** What stops being read during a pause. */
export interface Pausable {
  hold(): void;
  letGo(): void;
}

interface Held {
  readonly run: () => void;
  /** Told after the end, too. */
  readonly isDue: boolean;
}

type State = 'running' | 'paused' | 'catching up' | 'over';

export class NodeLife {
  private state: State = 'running';
  private held: Held[] = [];
  private isStepping = false;
  private readonly open = new Set<() => void | Promise<void>>();
  private readonly pausables = new Set<Pausable>();

  /** `soon` runs in a later turn. */
  constructor(private readonly soon: (run: () => void) => void) {}

  get isOver(): boolean {
    return this.state === 'over';
  }
  get isRunning(): boolean {
    return this.state === 'running';
  }
  get isPaused(): boolean {
    return this.state === 'paused';
  }

  /** What the node does itself: nothing any more after the end. */
  guard(action: () => void): void {
    if (!this.isOver) action();
  }

  /** What the node is told from outside. */
  deliver(run: () => void): void {
    if (this.isRunning) run();
    else if (!this.isOver) this.held.push({ run, isDue: false });
  }

  /** The same for what has to be told in any case. */
  deliverSurely(run: () => void): void {
    if (this.isRunning || this.isOver) run();
    else this.held.push({ run, isDue: true });
  }

  /** `close` runs at the end, unless the function that is given back has been called before. */
  track(close: () => void | Promise<void>): () => void {
    this.open.add(close);
    return () => void this.open.delete(close);
  }

  /** Held as long as the node is paused, until the function that is given back is called. */
  reads(pausable: Pausable): () => void {
    this.pausables.add(pausable);
    if (!this.isRunning) pausable.hold();
    return () => void this.pausables.delete(pausable);
  }

  pause(): void {
    if (this.isOver) return;
    this.state = 'paused';
    for (const pausable of this.pausables) pausable.hold();
  }

  /** Tells what was held, then goes on. */
  resume(): void {
    if (!this.isPaused) return;
    this.state = 'catching up';
    this.stepSoon();
  }

  private stepSoon(): void {
    if (this.isStepping) return;
    this.isStepping = true;
    this.soon(() => {
      this.isStepping = false;
      if (this.state === 'catching up') this.step();
    });
  }

  private step(): void {
    const next = this.held.shift();
    if (next !== undefined) {
      next.run();
      if (this.state === 'catching up') this.stepSoon();
      return;
    }
    this.state = 'running';
    for (const pausable of [...this.pausables]) pausable.letGo();
  }

  /** Resolves when nothing is open any more. */
  async end(): Promise<void> {
    if (this.isOver) return;
    this.state = 'over';
    const { held } = this;
    this.held = [];
    for (const { run, isDue } of held) if (isDue) run();
    const closing = [...this.open].map(async (close) => close());
    this.open.clear();
    await Promise.all(closing);
  }
}
