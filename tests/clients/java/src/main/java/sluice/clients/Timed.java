package sluice.clients;

import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageAccessor;

/**
 * Timed messages; client 5 only.
 * timed ns= topic= n= [kind=deliver,ms,sec] [ahead=MS,MS,..] [recall=N] [tolerant=true] [pause=MS]: message i asks by kind i mod kinds
 * for a delivery in ahead i mod aheads ms. A "sent" line for each, with its due time and recall handle; every Nth is taken back at once:
 * a "recalled" line. What fails becomes a "failed" line where tolerant is set.
 * recall ns= topic= handle=: a "recalled" or a "refused" line with the code and the broker's words.
 */
final class Timed {
    private Timed() {
    }

    static void send(Args args) throws Exception {
        DefaultMQProducer producer = Clients.producer(args, "timed" + ProcessHandle.current().pid());
        String topic = args.text("topic");
        String[] kinds = args.text("kind", "deliver").split(",");
        String[] aheads = args.text("ahead", "1000").split(",");
        int recall = args.number("recall", 0);
        for (int i = 0; i < args.number("n", 1); i++) {
            long s = args.number("first", 0) + i;
            Message message = Clients.message(topic, args.text("p", "p0"), s, ("timed " + s).getBytes());
            long ahead = Long.parseLong(aheads[i % aheads.length]);
            long due = System.currentTimeMillis() + ahead;
            switch (kinds[i % kinds.length]) {
                case "deliver" -> MessageAccessor.putProperty(message, "TIMER_DELIVER_MS", Long.toString(due));
                case "ms" -> MessageAccessor.putProperty(message, "TIMER_DELAY_MS", Long.toString(ahead));
                case "sec" -> MessageAccessor.putProperty(message, "TIMER_DELAY_SEC", Long.toString(ahead / 1000));
                default -> throw new IllegalArgumentException("kind");
            }
            try {
                SendResult sent = producer.send(message);
                String handle = (String) SendResult.class.getMethod("getRecallHandle").invoke(sent);
                Out.line("sent", "s", s, "due", due, "at", System.currentTimeMillis(), "id", sent.getMsgId(), "handle", handle);
                if (recall > 0 && i % recall == recall - 1) {
                    Out.line("recalled", "s", s, "id", recall(producer, topic, handle));
                }
            } catch (Exception e) {
                if (!args.flag("tolerant")) {
                    throw e;
                }
                Out.line("failed", "s", s, "why", String.valueOf(e));
            }
            Thread.sleep(args.number("pause", 0));
        }
        producer.shutdown();
    }

    static void recall(Args args) throws Exception {
        DefaultMQProducer producer = Clients.producer(args, "recall" + ProcessHandle.current().pid());
        try {
            Out.line("recalled", "id", recall(producer, args.text("topic"), args.text("handle")));
        } catch (MQBrokerException e) {
            Out.line("refused", "code", e.getResponseCode(), "why", e.getErrorMessage());
        }
        producer.shutdown();
    }

    private static String recall(DefaultMQProducer producer, String topic, String handle) throws Exception {
        try {
            return (String) DefaultMQProducer.class.getMethod("recallMessage", String.class, String.class).invoke(producer, topic, handle);
        } catch (java.lang.reflect.InvocationTargetException e) {
            throw (Exception) e.getCause();
        }
    }
}
