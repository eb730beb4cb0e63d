package sluice.clients;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * consume ns= topic= group= [instances=1] [model=CLUSTERING|BROADCASTING] [listener=concurrent|orderly] [sub=TAGS]
 * [from=first|last] [pause=MS per message] [unit=NAME]: push consumers that print a "got" line for each message, until
 * told to stop. "ready" comes when every instance is started.
 */
final class Consume {
    private Consume() {
    }

    static void run(Args args) throws Exception {
        List<DefaultMQPushConsumer> consumers = new ArrayList<>();
        for (int i = 0; i < args.number("instances", 1); i++) {
            String name = args.text("name", "c") + i;
            Clients.insist(() -> consumers.add(start(args, name)));
        }
        Out.line("ready");
        Clients.untilTold();
        for (DefaultMQPushConsumer consumer : consumers) {
            consumer.shutdown();
        }
    }

    private static DefaultMQPushConsumer start(Args args, String name) throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(args.text("group"));
        Clients.configure(consumer, args, name + "-" + args.text("instance", Long.toString(ProcessHandle.current().pid())));
        Clients.model(consumer, args.text("model", "CLUSTERING"));
        consumer.setConsumeFromWhere(args.text("from", "first").equals("first")
            ? ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET : ConsumeFromWhere.CONSUME_FROM_LAST_OFFSET);
        consumer.setConsumeThreadMin(args.number("threads", 4));
        consumer.setConsumeThreadMax(args.number("threads", 4));
        consumer.setPersistConsumerOffsetInterval(args.number("persist", 5000));
        consumer.setConsumeMessageBatchMaxSize(args.number("batch", 1));
        for (String topic : args.text("topic").split(",")) {
            consumer.subscribe(topic, args.text("sub", "*"));
        }
        int pause = args.number("pause", 0);
        if (args.text("listener", "concurrent").equals("orderly")) {
            consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
                take(name, messages, pause);
                return ConsumeOrderlyStatus.SUCCESS;
            });
        } else {
            consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
                take(name, messages, pause);
                return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
            });
        }
        try {
            consumer.start();
        } catch (Exception e) {
            consumer.shutdown();
            throw e;
        }
        return consumer;
    }

    private static void take(String name, List<MessageExt> messages, int pause) {
        for (MessageExt m : messages) {
            got(name, m);
            if (pause > 0) {
                try {
                    Thread.sleep(pause);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    /** One "got" line; "whole" says whether the body is what its producer summed up. */
    static void got(String name, MessageExt m) {
        byte[] body = m.getBody() == null ? new byte[0] : m.getBody();
        String crc = m.getUserProperty("crc");
        boolean whole = crc == null || crc.equals(Long.toString(Clients.crc(body)));
        Map<String, String> properties = m.getProperties();
        String text = body.length <= 64 && crc == null ? new String(body, java.nio.charset.StandardCharsets.UTF_8) : null;
        String n = properties.get("p") + "/" + properties.get("s");
        Out.line("got", "by", name, "topic", m.getTopic(), "q", m.getQueueId(), "o", m.getQueueOffset(), "p", properties.get("p"), "s",
            properties.get("s") == null ? -1 : Long.parseLong(properties.get("s")), "n", n, "size", body.length, "whole", whole, "tags",
            m.getTags(), "keys", m.getKeys(), "again", m.getReconsumeTimes(), "id", m.getMsgId(), "text", text, "at",
            System.currentTimeMillis(), "stored", m.getStoreTimestamp(), "prop", user(properties));
    }

    /** The properties a test set on purpose: those named test-... */
    private static Map<String, String> user(Map<String, String> all) {
        Map<String, String> kept = new java.util.TreeMap<>(all);
        kept.keySet().removeIf(key -> !key.startsWith("test"));
        return kept;
    }
}
