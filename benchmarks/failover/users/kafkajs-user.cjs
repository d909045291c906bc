// kafkajs with its defaults: one record after the other, each tried again by the client as it sees fit. Prints a line of
// JSON for each ack and each error, with the time at which the record was sent.
const { Kafka, logLevel } = require('kafkajs');

const [brokers, topic] = process.argv.slice(2);

async function main() {
  const producer = new Kafka({ clientId: 'user', brokers: brokers.split(','), logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  for (;;) {
    const sentMs = Date.now();
    try {
      await producer.send({ topic, messages: [{ value: 'x' }] });
      process.stdout.write(`${JSON.stringify({ sentMs, ms: Date.now() })}\n`);
    } catch (error) {
      process.stdout.write(`${JSON.stringify({ sentMs, ms: Date.now(), error: `${error.name}: ${error.message}` })}\n`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
