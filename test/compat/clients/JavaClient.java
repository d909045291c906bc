import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Apache Kafka's Java client as a client of the compatibility tests: produce, consume or member (see lines.cjs). */
public final class JavaClient {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final PrintStream OUT =
        new PrintStream(new BufferedOutputStream(new java.io.FileOutputStream(java.io.FileDescriptor.out), 1 << 16), false, StandardCharsets.UTF_8);

    private final JsonNode options;
    private final String topic;

    private JavaClient(JsonNode options) {
        this.options = options;
        this.topic = options.get("topic").asText();
    }

    public static void main(String[] args) throws Exception {
        JavaClient client = new JavaClient(JSON.readTree(args[0]));
        write(JSON.createObjectNode().put("pid", ProcessHandle.current().pid()));
        switch (client.options.get("role").asText()) {
            case "produce" -> client.produce();
            case "consume" -> client.consume();
            default -> client.member();
        }
    }

    private void produce() throws Exception {
        Properties properties = properties();
        properties.put("compression.type", options.get("codec").asText());
        properties.put("linger.ms", "20");
        properties.put("batch.size", "131072");
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer());
                BufferedReader reader = Files.newBufferedReader(Path.of(options.get("file").asText()))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                JsonNode row = JSON.readTree(line);
                ProducerRecord<String, String> record = new ProducerRecord<>(topic, textOrNull(row.get("k")), textOrNull(row.get("v")));
                for (JsonNode header : row.get("h")) {
                    record.headers().add(header.get(0).asText(), header.get(1).asText().getBytes(StandardCharsets.UTF_8));
                }
                sent.add(producer.send(record));
            }
            producer.flush();
            for (Future<RecordMetadata> future : sent) future.get();
        }
        write(JSON.createObjectNode().put("done", sent.size()));
    }

    private void consume() throws NoSuchAlgorithmException, IOException {
        int count = 0;
        try (KafkaConsumer<String, String> consumer = consumer(properties())) {
            List<TopicPartition> partitions = new ArrayList<>();
            consumer.partitionsFor(topic).forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (partitions.stream().anyMatch(partition -> consumer.position(partition) < ends.get(partition))) {
                ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(500));
                for (ConsumerRecord<String, String> record : records) print(record);
                OUT.flush();
                count += records.count();
            }
        }
        write(JSON.createObjectNode().put("done", count));
    }

    private void member() throws NoSuchAlgorithmException, IOException {
        Properties properties = properties();
        properties.put("group.id", options.get("group").asText());
        properties.put("group.protocol", options.path("groupProtocol").asText("classic"));
        properties.put("auto.offset.reset", "earliest");
        properties.put("enable.auto.commit", "false");
        if (properties.get("group.protocol").equals("classic")) {
            properties.put("session.timeout.ms", "6000");
            properties.put("heartbeat.interval.ms", "500");
        }
        Thread main = Thread.currentThread();
        try (KafkaConsumer<String, String> consumer = consumer(properties)) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                consumer.wakeup();
                try {
                    main.join(20_000);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }));
            consumer.subscribe(List.of(topic), new Listener(consumer));
            while (true) readAndCommit(consumer);
        } catch (WakeupException e) {
            write(JSON.createObjectNode().put("done", 0));
        }
    }

    private void readAndCommit(KafkaConsumer<String, String> consumer) throws NoSuchAlgorithmException, IOException {
        ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(200));
        if (records.isEmpty()) return;
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        for (ConsumerRecord<String, String> record : records) {
            print(record);
            offsets.put(new TopicPartition(record.topic(), record.partition()), new OffsetAndMetadata(record.offset() + 1));
        }
        OUT.flush();
        try {
            consumer.commitSync(offsets);
        } catch (CommitFailedException | RebalanceInProgressException e) {
            return;
        }
        ObjectNode committed = JSON.createObjectNode();
        offsets.forEach((partition, offset) -> committed.put(String.valueOf(partition.partition()), offset.offset()));
        write(JSON.createObjectNode().set("committed", committed));
    }

    /** Says what the member owns now, in full, as the other clients do. */
    private static final class Listener implements ConsumerRebalanceListener {
        private final KafkaConsumer<String, String> consumer;

        Listener(KafkaConsumer<String, String> consumer) {
            this.consumer = consumer;
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) { }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            ArrayNode assigned = JSON.createArrayNode();
            for (TopicPartition partition : partitions) assigned.add(partition.partition());
            write(JSON.createObjectNode().set("assigned", assigned));
        }
    }

    private Properties properties() {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", options.get("bootstrap").asText());
        properties.put("client.id", options.path("clientId").asText("java"));
        return properties;
    }

    private static KafkaConsumer<String, String> consumer(Properties properties) {
        properties.put("fetch.max.wait.ms", "200");
        return new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
    }

    private static String textOrNull(JsonNode node) {
        return node.isNull() ? null : node.asText();
    }

    private static void print(ConsumerRecord<String, String> record) throws NoSuchAlgorithmException, IOException {
        String value = record.value();
        ObjectNode line = JSON.createObjectNode();
        line.put("p", record.partition()).put("o", record.offset());
        line.put("id", value == null ? record.key() : value.substring(0, value.indexOf('|')));
        line.put("k", record.key()).put("d", value == null ? null : digest(value));
        ArrayNode headers = line.putArray("h");
        for (Header header : record.headers()) {
            headers.addArray().add(header.key()).add(new String(header.value(), StandardCharsets.UTF_8));
        }
        OUT.print(JSON.writeValueAsString(line));
        OUT.print('\n');
    }

    private static String digest(String value) throws NoSuchAlgorithmException {
        byte[] bytes = MessageDigest.getInstance("SHA-1").digest(value.getBytes(StandardCharsets.UTF_8));
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 8; i++) text.append(String.format("%02x", bytes[i]));
        return text.toString();
    }

    private static void write(JsonNode node) {
        OUT.print(node.toString());
        OUT.print('\n');
        OUT.flush();
    }
}
