package sluice.clients;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Prints one JSON object a line on standard output; whole lines, from any thread. */
final class Out {
    // Flushed by hand after each line: the harness acts on single lines, and a killed driver must not lose any.
    private static final PrintStream OUT =
        new PrintStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16), false);

    private Out() {
    }

    /** Prints {"event": event, key: value, ...}; a value is a number, a boolean, a map of texts or a text. */
    static void line(String event, Object... pairs) {
        StringBuilder b = new StringBuilder(160).append("{\"event\":");
        quote(b, event);
        for (int i = 0; i < pairs.length; i += 2) {
            b.append(',');
            quote(b, (String) pairs[i]);
            b.append(':');
            value(b, pairs[i + 1]);
        }
        byte[] bytes = b.append("}\n").toString().getBytes(StandardCharsets.UTF_8);
        synchronized (OUT) {
            OUT.write(bytes, 0, bytes.length);
            OUT.flush();
        }
    }

    private static void value(StringBuilder b, Object value) {
        if (value == null || value instanceof Number || value instanceof Boolean) {
            b.append(value);
        } else if (value instanceof Map<?, ?> map) {
            b.append('{');
            String comma = "";
            for (Map.Entry<?, ?> e : map.entrySet()) {
                b.append(comma);
                quote(b, String.valueOf(e.getKey()));
                b.append(':');
                value(b, e.getValue());
                comma = ",";
            }
            b.append('}');
        } else {
            quote(b, value.toString());
        }
    }

    private static void quote(StringBuilder b, String text) {
        b.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                b.append('\\').append(c);
            } else if (c < 0x20) {
                b.append(String.format("\\u%04x", (int) c));
            } else {
                b.append(c);
            }
        }
        b.append('"');
    }
}
