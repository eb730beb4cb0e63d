package sluice.clients;

import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * lightpull ns= topic= group= lmq=NAME n=MESSAGES: reads the light queue from its start until n messages came, or none for [quiet=5000] ms.
 * The topic is beside it: name servers know nothing of light queues, so its route is the one that is asked for.
 */
final class LightPull {
    private LightPull() {
    }

    @SuppressWarnings("deprecation")
    static void run(Args args) throws Exception {
        DefaultMQPullConsumer consumer = new DefaultMQPullConsumer(args.text("group"));
        Clients.configure(consumer, args, "light" + ProcessHandle.current().pid());
        consumer.start();
        var factory = consumer.getDefaultMQPullConsumerImpl().getRebalanceImpl().getmQClientFactory();
        factory.updateTopicRouteInfoFromNameServer(args.text("topic"));
        String broker = factory.getTopicRouteTable().get(args.text("topic")).getBrokerDatas().get(0).getBrokerName();
        MessageQueue queue = new MessageQueue("%LMQ%" + args.text("lmq"), broker, 0);
        long next = consumer.minOffset(queue);
        Out.line("queues", "min", next, "max", consumer.maxOffset(queue));
        long quietSince = System.currentTimeMillis();
        for (int seen = 0; seen < args.number("n", 1) && System.currentTimeMillis() - quietSince < args.number("quiet", 5000); ) {
            PullResult pulled = consumer.pull(queue, "*", next, 32);
            next = pulled.getNextBeginOffset();
            if (pulled.getPullStatus() != PullStatus.FOUND) {
                Thread.sleep(50);
                continue;
            }
            for (MessageExt message : pulled.getMsgFoundList()) {
                Consume.got("light", message);
                seen++;
            }
            quietSince = System.currentTimeMillis();
        }
        consumer.shutdown();
    }
}
