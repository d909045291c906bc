import java.io.BufferedOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.ParameterizedType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.types.RawTaggedField;
import org.apache.kafka.common.record.internal.MemoryRecords;

/**
 * Fills the classes that Apache Kafka generates from its message definitions, and writes down the bytes that they give.
 *
 * Arguments: the table of messages (test/wire/messages-table.txt), from which it takes names, versions and nullability, and
 * "kept" (what the repository keeps: shapes that give the same bytes appear once) or "full" (each shape also as Kafka's own
 * JSON). One line per vector: name, version, shape, bytes in base64, and in full mode the JSON.
 */
public final class GoldenBytes {
    private static final String[] PACKAGES = {
        "org.apache.kafka.common.message",
        "org.apache.kafka.common.metadata",
        "org.apache.kafka.coordinator.group.generated",
        "org.apache.kafka.coordinator.share.generated",
        "org.apache.kafka.coordinator.transaction.generated",
        "org.apache.kafka.raft.generated",
        "org.apache.kafka.server.log.remote.metadata.storage.generated",
    };
    private static final String[] SHAPES = {"default", "null", "empty", "negative", "maximal", "nested", "tagged"};

    /** A line of the table. */
    private record Line(int depth, String name, String type, int min, int max, int nullMin, int nullMax, boolean tagged) {
        boolean in(int version) {
            return version >= min && version <= max;
        }

        boolean nullable(int version) {
            return version >= nullMin && version <= nullMax;
        }
    }

    private final String shape;
    private final int version;
    private final boolean flexible;
    private int counter = 0;

    private GoldenBytes(String shape, int version, boolean flexible) {
        this.shape = shape;
        this.version = version;
        this.flexible = flexible;
    }

    public static void main(String[] args) throws Exception {
        boolean full = args[1].equals("full");
        List<String> lines = Files.readAllLines(Path.of(args[0]));
        PrintStream out = new PrintStream(new BufferedOutputStream(System.out, 1 << 16), false, StandardCharsets.UTF_8);
        for (int at = 0; at < lines.size(); ) {
            int end = at + 1;
            List<Line> fields = new ArrayList<>();
            while (end < lines.size() && lines.get(end).startsWith(" ")) fields.add(parse(lines.get(end++)));
            write(lines.get(at).split(" "), fields, full, out);
            at = end;
        }
        out.flush();
    }

    private static void write(String[] head, List<Line> fields, boolean full, PrintStream out) throws Exception {
        Class<?> type = classOf(head[0], head[1]);
        int[] valid = range(head[3]);
        int[] flexible = range(head[4]);
        for (int version = valid[0]; version <= valid[1]; version++) {
            Set<String> seen = new HashSet<>();
            for (String shape : SHAPES) {
                Message message = (Message) type.getConstructor().newInstance();
                boolean isFlexible = version >= flexible[0] && version <= flexible[1];
                new GoldenBytes(shape, version, isFlexible).fill(message, fields, 0, fields.size());
                String bytes = Base64.getEncoder().encodeToString(bytesOf(message, version));
                String line = head[0] + " " + version + " " + shape + " " + bytes;
                if (full) out.println(line + " " + json(type, message, version));
                else if (seen.add(bytes)) out.println(line);
            }
        }
    }

    private static byte[] bytesOf(Message message, int version) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer buffer = ByteBuffer.allocate(message.size(cache, (short) version));
        message.write(new ByteBufferAccessor(buffer), cache, (short) version);
        if (buffer.hasRemaining()) throw new IllegalStateException(message + " is smaller than it said");
        return buffer.array();
    }

    private static String json(Class<?> type, Message message, int version) throws Exception {
        Class<?> converter = Class.forName(type.getName() + "JsonConverter");
        return converter.getMethod("write", type, short.class).invoke(null, message, (short) version).toString();
    }

    private static Class<?> classOf(String name, String type) throws ClassNotFoundException {
        boolean suffix = type.equals("request") || type.equals("response") || type.equals("header");
        for (String each : PACKAGES) {
            try {
                return Class.forName(each + "." + name + (suffix ? "Data" : ""));
            } catch (ClassNotFoundException next) {
                // In another package.
            }
        }
        throw new ClassNotFoundException(name);
    }

    private static Line parse(String text) {
        int depth = 0;
        while (text.charAt(depth) == ' ') depth++;
        String[] parts = text.trim().split(" ");
        int[] versions = range(parts[2]);
        int[] nullable = {0, -1};
        boolean tagged = false;
        for (String part : parts) {
            if (part.startsWith("nullable=")) nullable = range(part.substring(9));
            if (part.startsWith("tag=")) tagged = true;
        }
        return new Line(depth / 2, parts[0], parts[1], versions[0], versions[1], nullable[0], nullable[1], tagged);
    }

    private static int[] range(String text) {
        if (text.equals("none")) return new int[] {0, -1};
        if (text.endsWith("+")) return new int[] {Integer.parseInt(text.substring(0, text.length() - 1)), Short.MAX_VALUE};
        String[] ends = text.split("-");
        return new int[] {Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1])};
    }

    /** Sets the fields of the lines from `from` to `to`, of which only the shallowest belong to `target`. */
    private void fill(Object target, List<Line> lines, int from, int to) throws Exception {
        if (shape.equals("default")) return;
        for (int at = from; at < to; ) {
            Line line = lines.get(at);
            int end = at + 1;
            while (end < to && lines.get(end).depth() > line.depth()) end++;
            if (line.in(version)) set(target, line, lines, at + 1, end);
            at = end;
        }
        if (flexible && shape.equals("tagged")) {
            List<RawTaggedField> unknown = ((Message) target).unknownTaggedFields();
            unknown.add(new RawTaggedField(1000, new byte[0]));
            unknown.add(new RawTaggedField(100000 + counter++, new byte[150]));
        }
    }

    private void set(Object target, Line line, List<Line> lines, int from, int to) throws Exception {
        Field field = target.getClass().getDeclaredField(line.name());
        field.setAccessible(true);
        if (line.nullable(version) && shape.equals("null")) field.set(target, null);
        else if (line.type().startsWith("[]")) field.set(target, array(field, line.type().substring(2), lines, from, to));
        else if (line.type().equals("struct")) field.set(target, struct(field.getType(), lines, from, to));
        else field.set(target, scalar(line.type(), field.getType()));
    }

    private Object struct(Class<?> type, List<Line> lines, int from, int to) throws Exception {
        Object value = type.getConstructor().newInstance();
        fill(value, lines, from, to);
        return value;
    }

    @SuppressWarnings("unchecked")
    private Object array(Field field, String element, List<Line> lines, int from, int to) throws Exception {
        Collection<Object> list = new ArrayList<>();
        Class<?> type = field.getType();
        if (type != List.class) {
            Constructor<?> constructor = type.getConstructor();
            list = (Collection<Object>) constructor.newInstance();
            ParameterizedType parent = (ParameterizedType) type.getGenericSuperclass();
            type = (Class<?>) parent.getActualTypeArguments()[0];
        } else {
            type = (Class<?>) ((ParameterizedType) field.getGenericType()).getActualTypeArguments()[0];
        }
        int size = shape.equals("empty") ? 0 : shape.equals("nested") ? 3 : 1;
        for (int index = 0; index < size; index++) {
            list.add(element.equals("struct") ? struct(type, lines, from, to) : scalar(element, type));
        }
        return list;
    }

    /** The numbers of "nested" and "tagged" all differ, so that fields in the wrong order show. */
    private Object scalar(String kind, Class<?> type) {
        boolean large = shape.equals("maximal");
        boolean small = shape.equals("negative");
        int next = ++counter;
        switch (kind) {
            case "bool":
                return large || next % 2 == 0;
            case "int8":
                return large ? Byte.MAX_VALUE : small ? Byte.MIN_VALUE : (byte) (next % 100);
            case "int16":
                return large ? Short.MAX_VALUE : small ? Short.MIN_VALUE : (short) (300 + next);
            case "uint16":
                return large ? 65535 : 300 + next;
            case "int32":
                return large ? Integer.MAX_VALUE : small ? Integer.MIN_VALUE : 70000 + next;
            case "uint32":
                return large ? 4294967295L : 70000L + next;
            case "int64":
                return large ? 9007199254740991L : small ? -9007199254740991L : 5000000000L + next;
            case "float64":
                return large ? Double.MAX_VALUE : small ? -Double.MAX_VALUE : next / 8.0;
            case "uuid":
                return large ? new Uuid(-1L, -1L) : new Uuid(next, -next);
            case "string":
                return large ? "ä€😀".repeat(15) : "text-" + next;
            default:
                return bytes(type, large ? 130 : next % 5);
        }
    }

    private Object bytes(Class<?> type, int size) {
        byte[] bytes = new byte[size];
        for (int index = 0; index < size; index++) bytes[index] = (byte) (counter + index);
        if (type == byte[].class) return bytes;
        return type == ByteBuffer.class ? ByteBuffer.wrap(bytes) : MemoryRecords.readableRecords(ByteBuffer.wrap(bytes));
    }
}
