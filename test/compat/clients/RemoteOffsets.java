import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.connect.mirror.RemoteClusterUtils;

/** What MirrorMaker 2's own client says of a target cluster, as JSON. Arguments: bootstrap servers, source alias, group. */
public final class RemoteOffsets {
    private RemoteOffsets() { }

    public static void main(String[] args) throws Exception {
        Map<String, Object> properties = Map.of("bootstrap.servers", args[0]);
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("upstreamClusters", new TreeSet<>(RemoteClusterUtils.upstreamClusters(properties)));
        facts.put("checkpointTopics", new TreeSet<>(RemoteClusterUtils.checkpointTopics(properties)));
        facts.put("heartbeatTopics", new TreeSet<>(RemoteClusterUtils.heartbeatTopics(properties)));
        facts.put("replicationHops", RemoteClusterUtils.replicationHops(properties, args[1]));
        Map<String, Long> offsets = new TreeMap<>();
        Map<TopicPartition, OffsetAndMetadata> translated =
            RemoteClusterUtils.translateOffsets(properties, args[1], args[2], Duration.ofSeconds(10));
        translated.forEach((partition, offset) -> offsets.put(partition.toString(), offset.offset()));
        facts.put("offsets", offsets);
        System.out.println(new ObjectMapper().writeValueAsString(facts));
    }
}
