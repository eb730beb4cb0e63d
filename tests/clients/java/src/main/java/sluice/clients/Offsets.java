package sluice.clients;

import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** What a client can ask about queues and single messages. */
final class Offsets {
    /** ResponseCode.NO_MESSAGE; the class lives in another package before 5.0. */
    private static final int NO_MESSAGE = 208;

    private Offsets() {
    }

    /** offsets ns= topic= [at=MILLISECONDS]: a line for each queue with its first and last offset, and the one at that time. */
    static void offsets(Args args) throws Exception {
        DefaultMQProducer producer = Clients.producer(args, "offsets" + ProcessHandle.current().pid());
        for (MessageQueue mq : producer.fetchPublishMessageQueues(args.text("topic"))) {
            Out.line("queue", "q", mq.getQueueId(), "broker", mq.getBrokerName(), "min", producer.minOffset(mq), "max", producer.maxOffset(mq),
                "at", producer.searchOffset(mq, args.big("at", 0)));
        }
        producer.shutdown();
    }

    /** view ns= topic= id=OFFSET-OR-UNIQUE-ID: the message as a "got" line. */
    static void view(Args args) throws Exception {
        DefaultMQProducer producer = Clients.producer(args, "view" + ProcessHandle.current().pid());
        Consume.got("view", producer.viewMessage(args.text("topic"), args.text("id")));
        producer.shutdown();
    }

    /** find ns= topic= key= [max=] [from=MILLISECONDS] [to=MILLISECONDS]: the messages with that key as "got" lines, none when there is none. */
    static void find(Args args) throws Exception {
        DefaultMQProducer producer = Clients.producer(args, "find" + ProcessHandle.current().pid());
        try {
            for (MessageExt message : producer.queryMessage(args.text("topic"), args.text("key"), args.number("max", 64), args.big("from", 0),
                args.big("to", Long.MAX_VALUE)).getMessageList()) {
                Consume.got("find", message);
            }
        } catch (MQClientException e) {
            if (e.getResponseCode() != NO_MESSAGE) {
                throw e;
            }
        }
        producer.shutdown();
    }
}
