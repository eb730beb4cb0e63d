package sluice.clients;

import java.nio.charset.StandardCharsets;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.utils.MessageUtil;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Request and reply: messages that wait for an answer, and a consumer that gives it. */
final class Reply {
    private Reply() {
    }

    /** request ns= topic= n= [timeout=MS]: an "answer" line for each, or "failed". */
    static void request(Args args) throws Exception {
        DefaultMQProducer producer = Clients.producer(args, "request" + ProcessHandle.current().pid());
        for (int i = 0; i < args.number("n", 1); i++) {
            Message message = Clients.message(args.text("topic"), "p0", i, ("ask " + i).getBytes(StandardCharsets.UTF_8));
            try {
                Message answer = producer.request(message, args.number("timeout", 10000));
                Out.line("answer", "s", i, "text", new String(answer.getBody(), StandardCharsets.UTF_8));
            } catch (Exception e) {
                Out.line("failed", "s", i, "why", e.toString());
            }
        }
        producer.shutdown();
    }

    /** reply ns= topic= group=: answers every message with its text behind "re: "; a "replied" line for each. */
    static void reply(Args args) throws Exception {
        DefaultMQProducer producer = Clients.producer(args, "reply" + ProcessHandle.current().pid());
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(args.text("group"));
        Clients.configure(consumer, args, "replier" + ProcessHandle.current().pid());
        consumer.subscribe(args.text("topic"), "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt m : messages) {
                answer(producer, m);
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        Out.line("ready");
        Clients.untilTold();
        consumer.shutdown();
        producer.shutdown();
    }

    private static void answer(DefaultMQProducer producer, MessageExt m) {
        try {
            String text = "re: " + new String(m.getBody(), StandardCharsets.UTF_8);
            SendResult sent = producer.send(MessageUtil.createReplyMessage(m, text.getBytes(StandardCharsets.UTF_8)), 3000);
            Out.line("replied", "s", m.getUserProperty("s"), "status", sent.getSendStatus());
        } catch (Exception e) {
            Out.line("notreplied", "s", m.getUserProperty("s"), "why", e.toString());
        }
    }
}
