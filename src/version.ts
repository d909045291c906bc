/** This package's version, as `moldau --version` prints it. */
export { version } from '../package.json';
