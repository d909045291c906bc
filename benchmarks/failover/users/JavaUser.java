import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Kafka's Java producer with its defaults, a record each 10 ms; prints a line of JSON for each ack and each error. */
public final class JavaUser {
    public static void main(String[] args) throws Exception {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", args[0]);
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
            while (!Thread.interrupted()) {
                long sentMs = System.currentTimeMillis();
                producer.send(new ProducerRecord<>(args[1], "x"), (metadata, error) -> print(sentMs, error));
                Thread.sleep(10);
            }
        }
    }

    private static void print(long sentMs, Exception error) {
        String problem = error == null ? "" : ",\"error\":\"" + error.getClass().getSimpleName() + "\"";
        synchronized (System.out) {
            System.out.println("{\"sentMs\":" + sentMs + ",\"ms\":" + System.currentTimeMillis() + problem + "}");
            System.out.flush();
        }
    }
}
