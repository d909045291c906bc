/**
 * How to take back what replaying the records of the open batch changed, should the log refuse that batch. Pure.
 *
 * Kafka keeps every value by offset and drops what lies after the last written one. Here only the open batch can still be
 * refused (an accepted one is lost only with the leadership, and then the whole state goes), so a list of reversals is enough.
 */
export class UndoLog {
  private reversals: (() => void)[] = [];

  /** `revert` puts back what the caller is about to change; it must not fail. */
  push(revert: () => void): void {
    this.reversals.push(revert);
  }

  /** Takes everything back, last change first. */
  revert(): void {
    for (let i = this.reversals.length - 1; i >= 0; i--) this.reversals[i]?.();
    this.reversals = [];
  }
}
