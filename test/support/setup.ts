/** Runs before each test file. Clients under test behave as in production: kafkajs changes its retries under NODE_ENV=test. */
delete process.env['NODE_ENV'];
