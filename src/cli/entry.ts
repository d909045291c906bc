/** What `dist/moldau.cjs` runs. */
import { commandLine } from './main';

commandLine()
  .parseAsync(process.argv)
  .catch((error: unknown) => {
    const message =
      error !== null && typeof error === 'object' && 'message' in error ? String(error.message) : String(error);
    process.stderr.write(`moldau: ${message}\n`);
    process.exitCode = 1;
  });
