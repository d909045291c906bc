/**
 * The command `moldau`. It only knows the names of commands and their flags; each command's code is loaded when it runs,
 * so that a plain command does not pay for the broker.
 */
import './thread-pool';
import { Command } from 'commander';
import { version } from '../version';

export function commandLine(): Command {
  const program = new Command('moldau');
  program
    .description("A streaming broker that speaks Apache Kafka's protocol.")
    .version(version, '-V, --version', 'print the version')
    .showHelpAfterError('(moldau help shows what there is)')
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'moldau: ')) });
  program
    .command('server')
    .description('run a broker; without a file it is a single node on localhost:9092 with its data in ./data')
    .argument('[server.properties]', "a property file with Kafka's keys")
    .option('--override <key=value>', 'set a key, over the file and the environment; may be repeated', collect)
    .addHelpText('after', SERVER_HELP)
    .action(async (file: string | undefined, flags: { readonly override?: readonly string[] }) => {
      const { serve } = await import('./server');
      await serve({ file, overrides: flags.override ?? [] });
    });
  return program;
}

const SERVER_HELP = `
Environment variables set keys too, over the file, by the rules of Apache Kafka's
container image: KAFKA_NUM_PARTITIONS=3 is num.partitions=3.
MOLDAU_LOG_FORMAT (text or json) and MOLDAU_LOG_LEVEL (debug, info, warn, error)
shape what is logged on standard error.

Examples:
  moldau server
  moldau server --override log.dirs=/var/lib/moldau
  moldau server --override listeners=PLAINTEXT://:9092 \\
    --override advertised.listeners=PLAINTEXT://kafka.example:9092
  moldau server config/server.properties --override num.partitions=3`;

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
