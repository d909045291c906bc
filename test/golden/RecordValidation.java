import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.stream.Collectors;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.errors.CorruptRecordException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.requests.ProduceRequest;
import org.apache.kafka.common.utils.BufferSupplier;
import org.apache.kafka.common.utils.PrimitiveRef;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.storage.internals.log.AppendOrigin;
import org.apache.kafka.storage.internals.log.LogValidator;
import org.apache.kafka.storage.internals.log.RecordValidationException;

/**
 * Validates produced batches with Kafka's own validator, and the checks that a log makes before it.
 *
 * Standard input, a line each: BASE64 produceVersion compacted(true|false) timestampType(CreateTime|LogAppendTime)
 * beforeMaxMs afterMaxMs compressionType maxMessageBytes nowMs. Standard output, a line each: "ok maxTimestampMs BASE64" or
 * "error code index,index,...".
 */
public final class RecordValidation {
    private static final TopicPartition PARTITION = new TopicPartition("t", 0);

    private RecordValidation() { }

    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) System.out.println(answer(line.split(" ")));
    }

    private static String answer(String[] words) {
        try {
            return validate(words);
        } catch (RecordValidationException reason) {
            String indexes = reason.recordErrors().stream()
                .map(error -> String.valueOf(error.batchIndex)).collect(Collectors.joining(","));
            return "error " + Errors.forException(reason.invalidException()).code() + " " + indexes;
        } catch (Throwable reason) {
            return "error " + Errors.forException(reason).code() + " ";
        }
    }

    private static String validate(String[] words) {
        byte[] bytes = words[0].equals("-") ? new byte[0] : Base64.getDecoder().decode(words[0]);
        MemoryRecords records = MemoryRecords.readableRecords(ByteBuffer.wrap(bytes));
        ProduceRequest.validateRecords(Short.parseShort(words[1]), records);
        int maxMessageBytes = Integer.parseInt(words[7]);
        CompressionType source = CompressionType.NONE;
        int validBytes = 0;
        for (MutableRecordBatch batch : records.batches()) {
            if (batch.baseOffset() != 0) throw new InvalidRecordException("base offset");
            if (batch.sizeInBytes() > maxMessageBytes) throw new RecordTooLargeException();
            if (!batch.isValid()) throw new CorruptRecordException();
            validBytes += batch.sizeInBytes();
            if (batch.compressionType() != CompressionType.NONE) source = batch.compressionType();
        }
        ByteBuffer trimmed = ByteBuffer.wrap(bytes);
        trimmed.limit(validBytes);
        long nowMs = Long.parseLong(words[8]);
        Time time = (Time) Proxy.newProxyInstance(Time.class.getClassLoader(), new Class<?>[] {Time.class},
            (proxy, method, arguments) -> method.getName().equals("milliseconds") ? nowMs : 0L);
        LogValidator validator = new LogValidator(MemoryRecords.readableRecords(trimmed), PARTITION, time, source,
            target(words[6], source), Boolean.parseBoolean(words[2]), (byte) 2, TimestampType.forName(words[3]),
            Long.parseLong(words[4]), Long.parseLong(words[5]), 3, AppendOrigin.CLIENT);
        LogValidator.ValidationResult result = validator.validateMessagesAndAssignOffsets(
            PrimitiveRef.ofLong(0), new Ignored(), BufferSupplier.NO_CACHING);
        for (MutableRecordBatch batch : result.validatedRecords().batches()) {
            if (batch.sizeInBytes() > maxMessageBytes) throw new RecordTooLargeException();
        }
        ByteBuffer buffer = result.validatedRecords().buffer();
        byte[] out = new byte[buffer.remaining()];
        buffer.get(out);
        return "ok " + result.maxTimestampMs() + " " + Base64.getEncoder().encodeToString(out);
    }

    private static Compression target(String name, CompressionType source) {
        return Compression.of(name.equals("producer") ? source : CompressionType.forName(name)).build();
    }

    private static final class Ignored implements LogValidator.MetricsRecorder {
        @Override public void recordInvalidMagic() { }
        @Override public void recordInvalidOffset() { }
        @Override public void recordInvalidSequence() { }
        @Override public void recordInvalidChecksums() { }
        @Override public void recordNoKeyCompactedTopic() { }
    }
}
