package sluice.clients;

import java.io.IOException;
import java.lang.reflect.Method;
import java.util.zip.CRC32;
import org.apache.rocketmq.client.ClientConfig;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;

/** Small helpers that hide the few differences between the client versions. */
final class Clients {
    private Clients() {
    }

    /** A started producer of its own connection ("instance" tells the producers of one process apart). [maxsize=BYTES] [trace=true]. */
    static DefaultMQProducer producer(Args args, String instance) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer(args.text("group", "driver_producers"), args.flag("trace"), null);
        configure(producer, args, instance);
        producer.setSendMsgTimeout(args.number("timeout", 10000));
        producer.setRetryTimesWhenSendFailed(args.number("retries", 2));
        producer.setCompressMsgBodyOverHowmuch(args.number("compress", 4096));
        producer.setDefaultTopicQueueNums(args.number("queues", 4));
        producer.setMaxMessageSize(args.number("maxsize", 4 << 20));
        since5(producer, args);
        producer.start();
        return producer;
    }

    /** What producers have learned since 5.0: [compression=ZLIB|LZ4|ZSTD] [autobatch=true]. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    private static void since5(DefaultMQProducer producer, Args args) throws Exception {
        if (args.flag("autobatch")) {
            DefaultMQProducer.class.getMethod("setAutoBatch", boolean.class).invoke(producer, true);
        }
        if (args.text("compression", null) != null) {
            Class<? extends Enum> type = (Class<? extends Enum>) Class.forName("org.apache.rocketmq.common.compression.CompressionType");
            DefaultMQProducer.class.getMethod("setCompressType", type).invoke(producer, Enum.valueOf(type, args.text("compression")));
        }
    }

    interface Attempt {
        void run() throws Exception;
    }

    /**
     * Makes an attempt up to three times. On a busy machine the first request of client 5.4.0 on a new connection can fail
     * in the client itself ("send request to .. failed"), with any server; each failure becomes a "note" line.
     */
    static void insist(Attempt attempt) throws Exception {
        for (int i = 1; ; i++) {
            try {
                attempt.run();
                return;
            } catch (Exception e) {
                if (i == 3 || !(e + " " + e.getCause()).contains("RemotingSendRequestException")) {
                    throw e;
                }
                Out.line("note", "why", e + " " + e.getCause());
            }
        }
    }

    /** [unit=NAME] [namespace=NAME]: topics and groups are those of that namespace. */
    static void configure(ClientConfig client, Args args, String instance) {
        client.setNamesrvAddr(args.text("ns"));
        client.setInstanceName(instance);
        client.setUnitName(args.text("unit", null));
        client.setVipChannelEnabled(false);
        if (args.text("namespace", null) != null) {
            client.setNamespace(args.text("namespace"));
        }
    }

    /** Sets BROADCASTING or CLUSTERING; the enum lives in another package before 5.0. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    static void model(DefaultMQPushConsumer consumer, String name) throws Exception {
        for (Method m : DefaultMQPushConsumer.class.getMethods()) {
            if (m.getName().equals("setMessageModel")) {
                m.invoke(consumer, Enum.valueOf((Class<Enum>) m.getParameterTypes()[0], name));
                return;
            }
        }
        throw new IllegalStateException("no setMessageModel");
    }

    /** Pop mode: the broker assigns queues. Only clients from 5.0 on have it, so it is found by name. */
    static void popMode(Object consumer, int invisible) throws ReflectiveOperationException {
        consumer.getClass().getMethod("setClientRebalance", boolean.class).invoke(consumer, false);
        consumer.getClass().getMethod("setPopInvisibleTime", long.class).invoke(consumer, (long) invisible);
    }

    /** A message that tells who sent it: producer p, sequence s; the checksum covers the body. */
    static Message message(String topic, String p, long s, byte[] body) {
        Message message = new Message(topic, body);
        message.putUserProperty("p", p);
        message.putUserProperty("s", Long.toString(s));
        message.putUserProperty("crc", Long.toString(crc(body)));
        return message;
    }

    static long crc(byte[] body) {
        CRC32 crc = new CRC32();
        crc.update(body);
        return crc.getValue();
    }

    /** Blocks until the harness closes our standard input (or writes a line): the way it says "stop". */
    static void untilTold() throws IOException {
        int c;
        do {
            c = System.in.read();
        } while (c != -1 && c != '\n');
    }
}
