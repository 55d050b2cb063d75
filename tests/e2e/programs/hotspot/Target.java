// SPDX-License-Identifier: Apache-2.0

// A Java process whose collector and errors the tests drive, and which keeps its own account.
//
// It takes one command per line on standard input and answers each with one line of JSON, and ends
// when standard input does. Its collections are the beans' own count; the virtual machine's log
// (-Xlog, written by the same process) is the account of single pauses. Errors are counted where
// they are made, by class.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryUsage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

public final class Target {
    static final class OrderRejected extends RuntimeException {
        OrderRejected(String message) {
            super(message);
        }
    }

    // As frameworks do for control flow: no stack trace, so the virtual machine is never asked.
    static final class Stackless extends RuntimeException {
        Stackless() {
            super("no trace", null, false, false);
        }
    }

    private static final Map<String, Long> thrown = new LinkedHashMap<>();
    private static final byte[][] kept = new byte[64][];
    private static final int[] numbers = new int[1];
    private static Object sink;

    private Target() {
    }

    private static void count(Throwable error) {
        thrown.merge(error.getClass().getName(), 1L, Long::sum);
    }

    // What the virtual machine itself throws: a null, a division, an index, a cast.
    private static int provoke(String kind, Object nothing, int zero) {
        switch (kind) {
            case "null":
                return nothing.hashCode();
            case "arithmetic":
                return 1 / zero;
            case "index":
                return numbers[zero + 7];
            case "cast":
                return ((Integer) (Object) "text");
            case "made":
                throw new OrderRejected("the order was rejected");
            case "illegal":
                throw new IllegalArgumentException("not an argument");
            case "stackless":
                throw new Stackless();
            default:
                throw new IllegalStateException("no such error: " + kind);
        }
    }

    private static void raise(String kind, int times) {
        for (int i = 0; i < times; i++) {
            try {
                sink = provoke(kind, null, 0);
            } catch (RuntimeException error) {
                count(error);
            }
        }
    }

    private static long collections() {
        long sum = 0;
        for (GarbageCollectorMXBean bean : ManagementFactory.getGarbageCollectorMXBeans()) {
            sum += Math.max(0, bean.getCollectionCount());
        }
        return sum;
    }

    // Allocates until the beans have counted this many more collections.
    private static void load(int more) throws InterruptedException {
        long wanted = collections() + more;
        long deadline = System.nanoTime() + 60_000_000_000L;
        int next = 0;
        while (collections() < wanted) {
            for (int i = 0; i < 64; i++) {
                kept[next++ % kept.length] = new byte[16 << 10];
            }
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("too few collections in a minute");
            }
        }
        // Concurrent collectors count a cycle before its last pause has been logged.
        Thread.sleep(200);
    }

    // Arrays so large that G1 gives each a region or more of its own, until the beans have counted
    // this many more collections: they make it begin to mark early, and often.
    private static void humongous(int more) throws InterruptedException {
        long wanted = collections() + more;
        long deadline = System.nanoTime() + 60_000_000_000L;
        int next = 0;
        while (collections() < wanted) {
            kept[next++ % 32] = new byte[1 << 20];
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("too few collections in a minute");
            }
        }
        Thread.sleep(200);
    }

    private static void outOfMemory(int times) {
        for (int i = 0; i < times; i++) {
            try {
                List<Object> all = new ArrayList<>();
                while (true) {
                    all.add(new byte[Integer.MAX_VALUE - 64]);
                }
            } catch (OutOfMemoryError error) {
                count(error);
            }
        }
    }

    private static void uncaught(int times) throws InterruptedException {
        for (int i = 0; i < times; i++) {
            Thread thread = new Thread(() -> {
                throw new OrderRejected("nobody catches this");
            });
            thread.setUncaughtExceptionHandler((who, error) -> count(error));
            thread.start();
            thread.join();
        }
    }

    private static String quote(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private static String account() {
        StringBuilder out = new StringBuilder("{\"collectors\":{");
        String comma = "";
        for (GarbageCollectorMXBean bean : ManagementFactory.getGarbageCollectorMXBeans()) {
            out.append(comma).append(quote(bean.getName())).append(":{\"count\":")
                .append(bean.getCollectionCount()).append(",\"milliseconds\":")
                .append(bean.getCollectionTime()).append('}');
            comma = ",";
        }
        out.append("},\"pools_after_gc\":{");
        comma = "";
        for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
            MemoryUsage usage = pool.getCollectionUsage();
            if (usage != null) {
                out.append(comma).append(quote(pool.getName())).append(':').append(usage.getUsed());
                comma = ",";
            }
        }
        out.append("},\"thrown\":{");
        comma = "";
        for (Map.Entry<String, Long> entry : thrown.entrySet()) {
            out.append(comma).append(quote(entry.getKey())).append(':').append(entry.getValue());
            comma = ",";
        }
        return out.append("}}").toString();
    }

    private static String answer(String line) throws Exception {
        String[] words = line.trim().split("\\s+");
        int last = words.length > 1 && words[words.length - 1].matches("\\d+")
            ? Integer.parseInt(words[words.length - 1]) : 1;
        switch (words[0]) {
            case "account":
                return account();
            case "load":
                load(last);
                return "{}";
            case "humongous":
                humongous(last);
                return "{}";
            case "force":
                for (int i = 0; i < last; i++) {
                    System.gc();
                }
                Thread.sleep(200);
                return "{}";
            case "raise":
                raise(words[1], last);
                return "{}";
            case "out_of_memory":
                outOfMemory(last);
                return "{}";
            case "uncaught":
                uncaught(last);
                return "{}";
            default:
                return "{\"error\":\"no such command: " + words[0] + "\"}";
        }
    }

    public static void main(String[] arguments) throws Exception {
        System.out.println("{\"ready\":true,\"version\":" + quote(System.getProperty("java.vm.version")) + "}");
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        String line;
        while ((line = in.readLine()) != null) {
            System.out.println(answer(line));
        }
    }
}
