/**
 * Sets the size of libuv's thread pool, which is read once, at the pool's first use. So this is the first import of the
 * command. Flushes take at most half of the pool, and file reads and name look-ups need the other half: the default of 4
 * threads is too few for a broker.
 */
process.env['UV_THREADPOOL_SIZE'] ??= '16';
