/** One topic: its names, and where its partitions lie in the table. */
export class Topic {
  /** Where partition 0 lies in the table, and the logarithm of the rows reserved. */
  firstRow = -1;
  rangeLog = -1;
  /** Partitions that are there. */
  partitionCount = 0;

  constructor(
    readonly id: string,
    readonly name: string,
    readonly index: number,
  ) {}

  /** Partition ids are below it. */
  get partitionsEnd(): number {
    return this.rangeLog < 0 ? 0 : 2 ** this.rangeLog;
  }
}
