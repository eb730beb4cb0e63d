package sluice.clients;

import java.util.LinkedHashMap;
import java.util.Map;

/** The arguments of a subcommand: {@code key=value} words. A missing required key ends the driver with a message. */
final class Args {
    private final Map<String, String> values = new LinkedHashMap<>();

    Args(String[] words, int first) {
        for (int i = first; i < words.length; i++) {
            int eq = words[i].indexOf('=');
            if (eq < 1) {
                throw new IllegalArgumentException("expected key=value, got: " + words[i]);
            }
            values.put(words[i].substring(0, eq), words[i].substring(eq + 1));
        }
    }

    String text(String key) {
        String value = values.get(key);
        if (value == null) {
            throw new IllegalArgumentException("missing argument " + key + "=");
        }
        return value;
    }

    String text(String key, String otherwise) {
        return values.getOrDefault(key, otherwise);
    }

    int number(String key, int otherwise) {
        return values.containsKey(key) ? Integer.parseInt(values.get(key)) : otherwise;
    }

    long big(String key, long otherwise) {
        return values.containsKey(key) ? Long.parseLong(values.get(key)) : otherwise;
    }

    boolean flag(String key) {
        return "true".equals(values.get(key));
    }

    /** Every argument whose key starts with prefix, without the prefix. */
    Map<String, String> starting(String prefix) {
        Map<String, String> found = new LinkedHashMap<>();
        values.forEach((key, value) -> {
            if (key.startsWith(prefix)) {
                found.put(key.substring(prefix.length()), value);
            }
        });
        return found;
    }
}
