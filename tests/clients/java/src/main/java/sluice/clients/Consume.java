package sluice.clients;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * consume ns= topic= group= [instances=1] [model=CLUSTERING|BROADCASTING] [listener=concurrent|orderly] [sub=TAGS]
 * [type=SQL92: sub is SQL] [from=first|last] [pause=MS per message] [unit=NAME] [pop=MS] [trace=true]: push consumers that print a "got" line for each message, until
 * told to stop. [parent=TOPIC]: the topic is a light queue, which no route names, and that one is beside it.
 * "ready" comes when every instance is started. [fail=N] [levels=1,2,..] [max=N]: a message is given back
 * until it came again N times, each time with the next delay level; max is the consumer's limit. [groups=N]: consumers of N
 * groups, named group-0, group-1, .., that share their connections.
 */
final class Consume {
    private Consume() {
    }

    static void run(Args args) throws Exception {
        List<DefaultMQPushConsumer> consumers = new ArrayList<>();
        int groups = args.number("groups", 0);
        String process = args.text("instance", Long.toString(ProcessHandle.current().pid()));
        for (int i = 0; i < Math.max(groups, args.number("instances", 1)); i++) {
            String name = args.text("name", "c") + i;
            String group = groups > 0 ? args.text("group") + "-" + i : args.text("group");
            String instance = (groups > 0 ? "shared" : name) + "-" + process;
            Clients.insist(() -> consumers.add(start(args, name, group, instance)));
        }
        Out.line("ready");
        Clients.untilTold();
        for (DefaultMQPushConsumer consumer : consumers) {
            consumer.shutdown();
        }
    }

    private static DefaultMQPushConsumer start(Args args, String name, String group, String instance) throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(group, args.flag("trace"), null);
        Clients.configure(consumer, args, instance);
        Clients.model(consumer, args.text("model", "CLUSTERING"));
        consumer.setConsumeFromWhere(args.text("from", "first").equals("first")
            ? ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET : ConsumeFromWhere.CONSUME_FROM_LAST_OFFSET);
        consumer.setConsumeThreadMin(args.number("threads", 4));
        consumer.setConsumeThreadMax(args.number("threads", 4));
        consumer.setPersistConsumerOffsetInterval(args.number("persist", 5000));
        consumer.setConsumeMessageBatchMaxSize(args.number("batch", 1));
        if (args.number("pop", 0) > 0) {
            Clients.popMode(consumer, args.number("pop", 0));
        }
        for (String topic : args.text("topic").split(",")) {
            String sub = args.text("sub", "*");
            consumer.subscribe(topic, args.text("type", "TAG").equals("SQL92") ? MessageSelector.bySql(sub) : MessageSelector.byTag(sub));
        }
        consumer.setMaxReconsumeTimes(args.number("max", -1));
        consumer.setAwaitTerminationMillisWhenShutdown(args.number("await", 0));
        int pause = args.number("pause", 0);
        int fail = args.number("fail", 0);
        String[] levels = args.text("levels", "0").split(",");
        if (args.text("listener", "concurrent").equals("orderly")) {
            consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
                take(name, messages, pause);
                return ConsumeOrderlyStatus.SUCCESS;
            });
        } else {
            consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
                take(name, messages, pause);
                int again = messages.get(0).getReconsumeTimes();
                if (again >= fail) {
                    return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
                }
                context.setDelayLevelWhenNextConsume(Integer.parseInt(levels[Math.min(again, levels.length - 1)]));
                return ConsumeConcurrentlyStatus.RECONSUME_LATER;
            });
        }
        try {
            consumer.start();
        } catch (Exception e) {
            consumer.shutdown();
            throw e;
        }
        if (args.text("parent", null) != null) {
            findLightQueue(consumer, args.text("topic"), args.text("parent"));
        }
        return consumer;
    }

    /** What Apache's example does, as name servers know nothing of light queues. */
    private static void findLightQueue(DefaultMQPushConsumer consumer, String topic, String parent) throws Exception {
        var impl = consumer.getDefaultMQPushConsumerImpl();
        var factory = impl.getmQClientFactory();
        factory.updateTopicRouteInfoFromNameServer(parent);
        var routes = factory.getTopicRouteTable();
        routes.put(topic, routes.get(parent));
        String broker = routes.get(parent).getBrokerDatas().get(0).getBrokerName();
        impl.updateTopicSubscribeInfo(topic, new HashSet<>(List.of(new MessageQueue(topic, broker, 0))));
        factory.doRebalance();
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
        String text = body.length <= 128_000 && crc == null ? new String(body, java.nio.charset.StandardCharsets.UTF_8) : null;
        String n = properties.get("p") + "/" + properties.get("s");
        Out.line("got", "by", name, "topic", m.getTopic(), "q", m.getQueueId(), "o", m.getQueueOffset(), "p", properties.get("p"), "s",
            properties.get("s") == null ? -1 : Long.parseLong(properties.get("s")), "n", n, "size", body.length, "whole", whole, "tags",
            m.getTags(), "keys", m.getKeys(), "again", m.getReconsumeTimes(), "id", m.getMsgId(), "text", text, "at",
            System.currentTimeMillis(), "stored", m.getStoreTimestamp(), "born", m.getBornTimestamp(), "prop", user(properties), "retry", retry(properties));
    }

    /** What says where a message that came later was first, and why. */
    private static Map<String, String> retry(Map<String, String> all) {
        Map<String, String> kept = new java.util.TreeMap<>(all);
        kept.keySet().removeIf(key -> !key.startsWith("DLQ_") && !key.equals("RETRY_TOPIC") && !key.equals("DELAY"));
        return kept;
    }

    /** The properties a test set on purpose: those named test-... */
    private static Map<String, String> user(Map<String, String> all) {
        Map<String, String> kept = new java.util.TreeMap<>(all);
        kept.keySet().removeIf(key -> !key.startsWith("test"));
        return kept;
    }
}
