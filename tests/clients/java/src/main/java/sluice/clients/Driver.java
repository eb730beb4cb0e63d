package sluice.clients;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A stock Java client under the control of the harness: {@code Driver SUBCOMMAND key=value ...}.
 * Prints JSON lines; ends with 0 after {"event":"done"}, with 1 after {"event":"error"}.
 */
public final class Driver {
    /** A subcommand; whatever it throws becomes the error line. */
    interface Command {
        void run(Args args) throws Exception;
    }

    private static final Map<String, Command> COMMANDS = new LinkedHashMap<>();

    static {
        COMMANDS.put("allocate", Allocate::run);
        COMMANDS.put("send", Send::send);
        COMMANDS.put("timed", Timed::send);
        COMMANDS.put("recall", Timed::recall);
        COMMANDS.put("transact", Transact::run);
        COMMANDS.put("request", Reply::request);
        COMMANDS.put("reply", Reply::reply);
        COMMANDS.put("mix", Mix::run);
        COMMANDS.put("load", Load::run);
        COMMANDS.put("measure", Measure::run);
        COMMANDS.put("consume", Consume::run);
        COMMANDS.put("drain", Drain::run);
        COMMANDS.put("litepull", LitePull::run);
        COMMANDS.put("pull", Pull::run);
        COMMANDS.put("lightpull", LightPull::run);
        COMMANDS.put("offsets", Offsets::offsets);
        COMMANDS.put("view", Offsets::view);
        COMMANDS.put("find", Offsets::find);
    }

    private Driver() {
    }

    public static void main(String[] words) {
        int code = 0;
        try {
            Command command = words.length == 0 ? null : COMMANDS.get(words[0]);
            if (command == null) {
                throw new IllegalArgumentException("subcommands: " + String.join(" ", COMMANDS.keySet()));
            }
            command.run(new Args(words, 1));
            Out.line("done");
        } catch (Throwable e) {
            StringBuilder why = new StringBuilder(String.valueOf(e));
            for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
                why.append(" <- ").append(cause);
            }
            Out.line("error", "why", why.toString().replaceAll("\\s+", " "));
            e.printStackTrace();
            System.err.flush();
            code = 1;
        }
        Runtime.getRuntime().halt(code); // client threads that are no daemons must not hold us back
    }
}
