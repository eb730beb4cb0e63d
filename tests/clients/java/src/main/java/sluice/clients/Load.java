package sluice.clients;

import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;

/**
 * load ns= topic= p=ID [size=] [pause=MS after each] [delay=1,2,..: message s has level s mod levels]: sends one after the other until told to stop (a line or the end of standard input) and
 * survives a broker that goes away: a send that fails is reported and its sequence number is never used again.
 */
final class Load {
    private Load() {
    }

    static void run(Args args) throws Exception {
        DefaultMQProducer producer = Clients.producer(args, "load" + ProcessHandle.current().pid());
        AtomicBoolean stop = new AtomicBoolean();
        Thread ears = new Thread(() -> {
            try {
                Clients.untilTold();
            } catch (java.io.IOException e) {
                Out.line("note", "why", e.toString());
            }
            stop.set(true);
        });
        ears.setDaemon(true);
        ears.start();
        for (long s = 0; !stop.get(); s++) {
            one(producer, args, s);
        }
    }

    private static void one(DefaultMQProducer producer, Args args, long s) throws InterruptedException {
        String p = args.text("p", "p0");
        String[] delays = args.text("delay", "0").split(",");
        Message message = Clients.message(args.text("topic"), p, s, Mix.body(args.number("size", 200), s));
        message.setDelayTimeLevel(Integer.parseInt(delays[(int) (s % delays.length)]));
        try {
            SendResult r = producer.send(message);
            Out.line("sent", "p", p, "s", s, "q", r.getMessageQueue().getQueueId(), "o", r.getQueueOffset(), "status", r.getSendStatus());
            Thread.sleep(args.number("pause", 0));
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            Out.line("failed", "p", p, "s", s, "why", e.toString());
            Thread.sleep(50); // the broker is away; trying on at full speed would only fill the report
        }
    }
}
