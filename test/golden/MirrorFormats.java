package org.apache.kafka.connect.mirror;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.runtime.distributed.DistributedConfig;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;

/** Writes down, as JSON, the bytes of MirrorMaker 2's records, the names that its policies give, what its filters let through, and its keys. */
public final class MirrorFormats {
    private static final HexFormat HEX = HexFormat.of();
    private static final String[] TOPICS = {
        "orders", "a.orders", "A.orders", "B.orders", "B.A.orders", "C.B.orders", "C.B.A.orders", "orders.", "orders..", ".hidden", "..", ".",
        "heartbeats", "A.heartbeats", "B.heartbeats", "C.A.heartbeats", "myheartbeats", "B.myheartbeats", "__consumer_offsets",
        "mm2-offset-syncs.B.internal", "mm2-configs.A.internal", "mm2.internal", "A.checkpoints.internal", "checkpoints.internal",
        "orders.internal", "orders.replica", "orders-internal", "mm2-configs.A-internal", "A-checkpoints-internal", "A-orders", "B-A-orders", "B-orders", "héllo",
    };

    public static void main(String[] args) throws Exception {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("offsetSyncs", offsetSyncs());
        all.put("checkpoints", checkpoints());
        all.put("heartbeats", heartbeats());
        all.put("policies", policies());
        all.put("filters", filters());
        all.put("flowKeys", flowKeys());
        all.put("otherKeys", otherKeys());
        System.out.println(new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(all));
    }

    private static Map<String, Object> bytes(byte[] key, byte[] value) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("key", HEX.formatHex(key));
        row.put("value", HEX.formatHex(value));
        return row;
    }

    private static List<Object> offsetSyncs() {
        List<Object> rows = new ArrayList<>();
        for (long up : new long[] {0, 1, 123456789012345L}) {
            OffsetSync sync = new OffsetSync(new TopicPartition(up == 1 ? "héllo" : "orders", (int) (up % 7)), up, up / 2);
            Map<String, Object> row = bytes(sync.recordKey(), sync.recordValue());
            row.put("topic", sync.topicPartition().topic());
            row.put("partition", sync.topicPartition().partition());
            row.put("upstreamOffset", sync.upstreamOffset());
            row.put("downstreamOffset", sync.downstreamOffset());
            rows.add(row);
        }
        return rows;
    }

    private static List<Object> checkpoints() {
        List<Object> rows = new ArrayList<>();
        for (String metadata : new String[] {"", "mëta"}) {
            Checkpoint point = new Checkpoint("group" + metadata, new TopicPartition("A.orders", 3), 5_000_000_000L, 4_999_999_999L, metadata);
            Map<String, Object> row = bytes(point.recordKey(), point.recordValue());
            row.put("group", point.consumerGroupId());
            row.put("topic", point.topicPartition().topic());
            row.put("partition", point.topicPartition().partition());
            row.put("upstreamOffset", point.upstreamOffset());
            row.put("downstreamOffset", point.downstreamOffset());
            row.put("metadata", point.metadata());
            rows.add(row);
        }
        return rows;
    }

    private static List<Object> heartbeats() {
        Heartbeat beat = new Heartbeat("A", "B", 1_700_000_000_123L);
        Map<String, Object> row = bytes(beat.recordKey(), beat.recordValue());
        row.put("sourceAlias", "A");
        row.put("targetAlias", "B");
        row.put("timestampMs", beat.timestamp());
        return List.of(row);
    }

    /** Seen from the flow A->B. */
    private static List<Object> policies() {
        List<Object> rows = new ArrayList<>();
        for (boolean identity : new boolean[] {false, true}) {
            for (String separator : new String[] {".", "-"}) {
                for (boolean internal : new boolean[] {true, false}) rows.add(policy(identity, separator, internal));
            }
        }
        return rows;
    }

    private static Object policy(boolean identity, String separator, boolean internal) {
        ReplicationPolicy policy = identity ? new IdentityReplicationPolicy() : new DefaultReplicationPolicy();
        Map<String, String> props = new LinkedHashMap<>();
        props.put("replication.policy.separator", separator);
        props.put("replication.policy.internal.topic.separator.enabled", String.valueOf(internal));
        props.put("source.cluster.alias", "A");
        ((org.apache.kafka.common.Configurable) policy).configure(props);
        TopicFilter topics = new DefaultTopicFilter();
        topics.configure(Map.of());
        ConfigPropertyFilter properties = new DefaultConfigPropertyFilter();
        properties.configure(Map.of());
        MirrorSourceConnector connector = new MirrorSourceConnector(new SourceAndTarget("A", "B"), policy, topics, properties);
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("identity", identity);
        row.put("separator", separator);
        row.put("internal", internal);
        row.put("offsetSyncsTopic", policy.offsetSyncsTopic("B"));
        row.put("checkpointsTopic", policy.checkpointsTopic("A"));
        row.put("heartbeatsTopic", policy.heartbeatsTopic());
        List<Object> names = new ArrayList<>();
        for (String topic : TOPICS) {
            Map<String, Object> name = new LinkedHashMap<>();
            name.put("topic", topic);
            name.put("remote", policy.formatRemoteTopic("A", topic));
            name.put("source", policy.topicSource(topic));
            name.put("upstream", policy.upstreamTopic(topic));
            name.put("original", policy.originalTopic(topic));
            name.put("isInternal", policy.isInternalTopic(topic));
            name.put("isHeartbeats", policy.isHeartbeatsTopic(topic));
            name.put("isReplicated", connector.shouldReplicateTopic(topic));
            names.add(name);
        }
        row.put("names", names);
        return row;
    }

    private static List<Object> filters() {
        String[][] lists = {
            {".*", ""}, {"orders|b.*", "bad.*"}, {"order, a\\.orders", ""}, {"", ""}, {"[a-c]+\\d{2}", ""}, {"(?i)ORDERS", ""},
            {"\\Qa.b\\E.*", ""}, {"\\p{Alpha}+", ""}, {"(?!mm2).*", "__.*"}, {"[]a]+", ""}, {"a.c", ""}, {"orders$", ""}, {"a-b_c", ""},
            {"a\\-b\\_c", ""}, {"\\Aorders\\z", ""}, {"[^.]*", ""}, {"a{1}b??", ""},
        };
        String[] names = {"orders", "order", "a.orders", "aborders", "bad1", "best", "abc12", "a.b", "a.bc", "axb", "mm2-x", "__x", "]a", "a\nc", "abc", "a-b_c", "ab", "a", ""};
        List<Object> rows = new ArrayList<>();
        for (String[] list : lists) {
            DefaultTopicFilter filter = new DefaultTopicFilter();
            filter.configure(Map.of("topics", list[0], "topics.exclude", list[1]));
            List<String> accepted = new ArrayList<>();
            for (String name : names) if (filter.shouldReplicateTopic(name)) accepted.add(name);
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("include", list[0]);
            row.put("exclude", list[1]);
            row.put("names", names);
            row.put("accepted", accepted);
            rows.add(row);
        }
        return rows;
    }

    private static final String[] CONFIGS = {
        "MirrorSourceConfig", "MirrorCheckpointConfig", "MirrorHeartbeatConfig", "DefaultTopicFilter$TopicFilterConfig",
        "DefaultGroupFilter$GroupFilterConfig", "DefaultConfigPropertyFilter$ConfigPropertyFilterConfig", "MirrorMakerConfig",
    };

    /** Names and defaults of what the connectors and filters of MirrorMaker take. */
    private static Map<String, String> flowKeys() throws Exception {
        Map<String, String> keys = new TreeMap<>();
        for (String config : CONFIGS) {
            for (Field field : Class.forName("org.apache.kafka.connect.mirror." + config).getDeclaredFields()) {
                if (field.getType() != ConfigDef.class) continue;
                field.setAccessible(true);
                for (ConfigDef.ConfigKey key : ((ConfigDef) field.get(null)).configKeys().values()) {
                    keys.put(key.name, key.defaultValue == ConfigDef.NO_DEFAULT_VALUE ? null : ConfigDef.convertToString(key.defaultValue, key.type));
                }
            }
        }
        keys.keySet().removeIf(key -> key.startsWith("ssl.") || key.startsWith("sasl."));
        return keys;
    }

    private static TreeSet<String> otherKeys() throws Exception {
        Class<?> crypto = Class.forName("org.apache.kafka.connect.runtime.distributed.Crypto");
        Field system = crypto.getDeclaredField("SYSTEM");
        system.setAccessible(true);
        Method config = DistributedConfig.class.getDeclaredMethod("config", crypto);
        config.setAccessible(true);
        TreeSet<String> keys = new TreeSet<>(((ConfigDef) config.invoke(null, system.get(null))).names());
        keys.addAll(ConsumerConfig.configNames());
        keys.addAll(ProducerConfig.configNames());
        keys.addAll(AdminClientConfig.configNames());
        return keys;
    }
}
