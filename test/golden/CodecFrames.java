import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.BufferSupplier;
import org.apache.kafka.common.utils.ByteBufferOutputStream;

/**
 * Compresses and decompresses records sections with the streams of Kafka's own clients.
 *
 * Standard input: lines of "write CODEC BASE64" or "read CODEC BASE64"; a lone "-" stands for no bytes. Standard output: one
 * line for each, the result in base64 ("-" when empty) or "error" and the exception.
 */
public final class CodecFrames {
    private CodecFrames() { }

    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ");
            byte[] bytes = words[2].equals("-") ? new byte[0] : Base64.getDecoder().decode(words[2]);
            Compression codec = Compression.of(CompressionType.forName(words[1])).build();
            try {
                byte[] result = words[0].equals("write") ? write(codec, bytes) : read(codec, bytes);
                System.out.println(result.length == 0 ? "-" : Base64.getEncoder().encodeToString(result));
            } catch (Exception | Error reason) {
                System.out.println("error " + reason);
            }
        }
    }

    private static byte[] write(Compression codec, byte[] plain) throws Exception {
        ByteBufferOutputStream into = new ByteBufferOutputStream(512);
        try (OutputStream out = codec.wrapForOutput(into, RecordBatch.MAGIC_VALUE_V2)) {
            out.write(plain);
        }
        ByteBuffer buffer = into.buffer();
        buffer.flip();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    private static byte[] read(Compression codec, byte[] section) throws Exception {
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        InputStream in = codec.wrapForInput(ByteBuffer.wrap(section), RecordBatch.MAGIC_VALUE_V2, BufferSupplier.NO_CACHING);
        byte[] piece = new byte[8192];
        for (int count = in.read(piece); count >= 0; count = in.read(piece)) plain.write(piece, 0, count);
        return plain.toByteArray();
    }
}
