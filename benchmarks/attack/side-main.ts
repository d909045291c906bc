/**
 * A good client or an attacker as a process of its own. It is told one job, answers once (the good client with its result, the
 * attacker when it is in full swing), and ends when its parent lets go of it.
 */
import { type AttackName, type AttackTarget, startAttack } from './attacks';
import { type GoodResult, type GoodWork, runGoodClient } from './good-client';

export type SideJob =
  | { readonly kind: 'good'; readonly work: GoodWork }
  | { readonly kind: 'attack'; readonly name: AttackName; readonly target: AttackTarget };

export type SideAnswer =
  | { readonly ok: true; readonly result: GoodResult | null }
  | { readonly ok: false; readonly reason: string };

process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole process group; the parent ends us in order.
process.on('SIGINT', () => undefined);

process.on('message', (job: SideJob) => {
  run(job).then(
    (result) => answer({ ok: true, result }),
    (error: unknown) =>
      answer({ ok: false, reason: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});

async function run(job: SideJob): Promise<GoodResult | null> {
  if (job.kind === 'good') return runGoodClient(job.work);
  await startAttack(job.name, job.target);
  return null;
}

function answer(message: SideAnswer): void {
  process.send?.(message);
}
