import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.utils.Exit;
import org.apache.kafka.tools.TopicCommand;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.Appender;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Configuration;
import org.apache.logging.log4j.core.config.Property;

/**
 * Runs many commands of Apache Kafka in one JVM, several at a time if asked: starting a JVM for each costs a second.
 *
 * Standard input has one JSON object per line: {id, main, args, stdin} starts a command (main = class name, stdin in
 * base64), {id, stop: true} stops it as SIGTERM would. Standard output answers {id, out} and {id, err} (base64) while
 * it runs and {id, code} once it has ended.
 *
 * Each command has a thread group of its own. The threads that a client starts inherit it, so System.out, System.err and
 * System.in can be told apart by the group of the calling thread, and Kafka's Exit is trapped: as in a JVM of its own the
 * thread that exits does not go on, and the shutdown hooks run when the command ends. The classes of the tools are loaded
 * anew for each command, since some count in static fields.
 */
public final class ToolRunner {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Map<ThreadGroup, Command> COMMANDS = new ConcurrentHashMap<>();
    private static final long HOOKS_TIMEOUT_MS = 20_000;
    private static PrintStream answers;

    private ToolRunner() { }

    public static void main(String[] args) throws IOException {
        if (args.length > 0 && args[0].equals("serve")) {
            serve(args[1], Arrays.copyOfRange(args, 2, args.length));
            return;
        }
        answers = System.out;
        PrintStream ownErr = System.err;
        System.setOut(new SharedStream(new Dispatch(false, ownErr)));
        System.setErr(new SharedStream(new Dispatch(true, ownErr)));
        InputStream requests = System.in;
        System.setIn(new DispatchIn());
        Exit.setExitProcedure(ToolRunner::trapExit);
        Exit.setHaltProcedure(ToolRunner::trapExit);
        Exit.setShutdownHookAdder((name, hook) -> {
            Command command = current();
            if (command != null) command.hooks.add(hook);
        });
        logToCallers();
        Map<Integer, Command> byId = new ConcurrentHashMap<>();
        BufferedReader reader = new BufferedReader(new InputStreamReader(requests, StandardCharsets.UTF_8));
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            JsonNode request = JSON.readTree(line);
            int id = request.get("id").asInt();
            if (request.has("stop")) {
                Command command = byId.get(id);
                if (command != null) command.stop();
            } else {
                Command command = new Command(id, request);
                byId.put(id, command);
                command.start();
            }
        }
        Runtime.getRuntime().halt(0);
    }

    /** Formats the log directories and runs the broker in this JVM: one start instead of two. */
    private static void serve(String propertiesFile, String[] formatArgs) {
        List<String> args = new ArrayList<>(List.of("format", "--ignore-formatted", "-c", propertiesFile));
        args.addAll(List.of(formatArgs));
        int code = kafka.tools.StorageTool.execute(args.toArray(new String[0]), System.err);
        if (code != 0) System.exit(code);
        kafka.Kafka.main(new String[] {propertiesFile});
    }

    /** The appender of the configuration writes what several threads log with one of them. */
    private static void logToCallers() {
        Configuration configuration = ((LoggerContext) LogManager.getContext(false)).getConfiguration();
        Appender configured = configuration.getAppender("stderr");
        Appender perCaller = new AbstractAppender("callers", null, configured.getLayout(), true, Property.EMPTY_ARRAY) {
            @Override
            public void append(LogEvent event) {
                System.err.print(getLayout().toSerializable(event));
            }
        };
        perCaller.start();
        configuration.getRootLogger().addAppender(perCaller, null, null);
        configuration.getRootLogger().removeAppender("stderr");
    }

    private static void trapExit(int code, String message) {
        Command command = current();
        if (command != null) command.exit(code);
        throw new TrappedExit();
    }

    /** A few tools give their hook to the Runtime: those whose thread is of this group, taken out of its private table. */
    @SuppressWarnings("unchecked")
    private static List<Thread> takeRuntimeHooks(ThreadGroup group) {
        try {
            Class<?> table = Class.forName("java.lang.ApplicationShutdownHooks");
            Field field = table.getDeclaredField("hooks");
            field.setAccessible(true);
            synchronized (table) {
                Map<Thread, Thread> hooks = (Map<Thread, Thread>) field.get(null);
                List<Thread> own = new ArrayList<>(hooks.keySet());
                own.removeIf(thread -> thread.getThreadGroup() != group);
                hooks.keySet().removeAll(own);
                return own;
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Command current() {
        for (ThreadGroup group = Thread.currentThread().getThreadGroup(); group != null; group = group.getParent()) {
            Command command = COMMANDS.get(group);
            if (command != null) return command;
        }
        return null;
    }

    private static void answer(ObjectNode node) {
        synchronized (ToolRunner.class) {
            answers.println(node);
            answers.flush();
        }
    }

    private static final class TrappedExit extends Error {
        TrappedExit() {
            super("exit", null, false, false);
        }
    }

    private static final class Command {
        final int id;
        final String mainClass;
        final String[] args;
        final InputStream stdin;
        final List<Runnable> hooks = new CopyOnWriteArrayList<>();
        final ThreadGroup group;
        private final ClassLoader loader = new ToolLoader();
        final Pipe out = new Pipe("out");
        final Pipe err = new Pipe("err");
        private final CountDownLatch ended = new CountDownLatch(1);
        private boolean finishing;

        Command(int id, JsonNode request) {
            this.id = id;
            this.mainClass = request.get("main").asText();
            this.args = new String[request.get("args").size()];
            for (int i = 0; i < args.length; i++) args[i] = request.get("args").get(i).asText();
            this.stdin = new ByteArrayInputStream(Base64.getDecoder().decode(request.path("stdin").asText("")));
            this.group = new ThreadGroup("command-" + id);
        }

        void start() {
            COMMANDS.put(group, this);
            thread("main", this::run).start();
        }

        private Thread thread(String name, Runnable body) {
            Thread thread = new Thread(group, body, name + "-" + id);
            thread.setContextClassLoader(loader);
            thread.setDaemon(true);
            return thread;
        }

        private void run() {
            int code = 0;
            try {
                Class.forName(mainClass, true, loader).getMethod("main", String[].class).invoke(null, (Object) args);
            } catch (InvocationTargetException e) {
                code = 1;
                e.getCause().printStackTrace();
            } catch (ReflectiveOperationException e) {
                code = 127;
                e.printStackTrace();
            }
            finish(code);
        }

        /** Called by the thread that exits, which stays here until the hooks have run. */
        void exit(int code) {
            exitAsync(code);
            try {
                ended.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        void stop() {
            exitAsync(143);
        }

        private void exitAsync(int code) {
            thread("exit", () -> finish(code)).start();
        }

        /** Once, whoever comes first: hooks (one that hangs is left behind), the answer, then the end of what still runs. */
        private void finish(int code) {
            synchronized (this) {
                if (finishing) return;
                finishing = true;
            }
            List<Thread> threads = new ArrayList<>(takeRuntimeHooks(group));
            for (Runnable hook : hooks) threads.add(thread("hook", hook));
            for (Thread thread : threads) {
                thread.start();
                try {
                    thread.join(HOOKS_TIMEOUT_MS);
                } catch (InterruptedException e) {
                    break;
                }
            }
            out.close();
            err.close();
            answer(JSON.createObjectNode().put("id", id).put("code", code));
            ended.countDown();
            group.interrupt();
        }

        /** Collects what is written and sends it on at the end of a line. */
        private final class Pipe {
            private final String field;
            private final ByteArrayOutputStream pending = new ByteArrayOutputStream();
            private boolean isClosed;

            Pipe(String field) {
                this.field = field;
            }

            synchronized void write(byte[] bytes, int offset, int length) {
                if (isClosed) return;
                pending.write(bytes, offset, length);
                if (length > 0 && (bytes[offset + length - 1] == '\n' || pending.size() > 65_536)) send();
            }

            /** What a command writes after its end is dropped: its threads may live on a little. */
            synchronized void close() {
                send();
                isClosed = true;
            }

            private void send() {
                if (pending.size() == 0) return;
                String text = Base64.getEncoder().encodeToString(pending.toByteArray());
                pending.reset();
                answer(JSON.createObjectNode().put("id", id).put(field, text));
            }
        }
    }

    /** Finds the classes of Kafka's tools by itself and leaves the rest to the loader of this program. */
    private static final class ToolLoader extends URLClassLoader {
        private static final String PREFIX = "org.apache.kafka.tools.";

        ToolLoader() {
            super(new URL[] {TopicCommand.class.getProtectionDomain().getCodeSource().getLocation()});
        }

        @Override
        protected Class<?> loadClass(String name, boolean isResolved) throws ClassNotFoundException {
            if (!name.startsWith(PREFIX)) return super.loadClass(name, isResolved);
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                if (loaded != null) return loaded;
                try {
                    return findClass(name);
                } catch (ClassNotFoundException e) {
                    return super.loadClass(name, isResolved);
                }
            }
        }
    }

    /** A command that closes its standard output closes it for none of the others. */
    private static final class SharedStream extends PrintStream {
        SharedStream(OutputStream out) {
            super(out, true, StandardCharsets.UTF_8);
        }

        @Override
        public void close() {
            flush();
        }
    }

    private static final class Dispatch extends OutputStream {
        private final boolean isErr;
        private final PrintStream own;

        Dispatch(boolean isErr, PrintStream own) {
            this.isErr = isErr;
            this.own = own;
        }

        @Override
        public void write(int value) {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            Command command = current();
            if (command == null) own.write(bytes, offset, length);
            else (isErr ? command.err : command.out).write(bytes, offset, length);
        }
    }

    private static final class DispatchIn extends InputStream {
        private InputStream source() {
            Command command = current();
            return command == null ? InputStream.nullInputStream() : command.stdin;
        }

        @Override
        public int read() throws IOException {
            return source().read();
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            return source().read(bytes, offset, length);
        }

        @Override
        public int available() throws IOException {
            return source().available();
        }
    }
}
