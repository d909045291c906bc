/**
 * The load generator as a process of its own, so that it shares neither event loop nor garbage collector with what watches it:
 * each message is a LoadJob, each answer a LoadAnswer. It ends when its parent does.
 */
import { runLoad } from './load';
import type { LoadAnswer, LoadJob } from './work';

process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole process group; the parent ends us in order.
process.on('SIGINT', () => undefined);

process.on('message', (job: LoadJob) => {
  runLoad(job).then(
    (result) => answer({ ok: true, result }),
    (error: unknown) => answer({ ok: false, reason: error instanceof Error ? error.message : String(error) }),
  );
});

function answer(message: LoadAnswer): void {
  process.send?.(message);
}
