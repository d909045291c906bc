/** A process that makes a temporary directory, says where, and ends without removing it. */
import { makeTemporaryDirectory } from '../../../log/node-temporary-directory';

process.stdout.write(makeTemporaryDirectory('moldau-test-').path);
process.exit(3);
