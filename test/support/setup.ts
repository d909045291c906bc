/**
 * Runs before each test file. Clients under test behave as in production: kafkajs changes its retries under NODE_ENV=test. A
 * server that a test starts opens no port for metrics unless the test asks for it: many run at once.
 */
delete process.env['NODE_ENV'];
process.env['KAFKA_METRICS_LISTENER'] ??= '';
