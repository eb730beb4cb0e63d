package sluice.clients;

import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * transact ns= topic= group= n= [how=commit,rollback,unknown] [check=commit,..] [first=SEQ] [p=ID] [pause=MS] [tolerant=true]
 * [stay=true] [immunity=SECONDS]: sends messages in transactions, message s with the decision s mod how; when it is asked about
 * s it says the same, or s mod check where it had not decided. A "sent" or (tolerant) "failed" line for each, a "checked" line for each question. It stays until told
 * when stay is set; "idle" comes when all are sent. how=halt: the process ends between the two steps.
 */
final class Transact implements TransactionListener {
    private final String[] how;
    private final String[] check;

    private Transact(Args args) {
        how = args.text("how", "commit").split(",");
        check = args.text("check", "unknown").split(",");
    }

    static void run(Args args) throws Exception {
        TransactionMQProducer producer = new TransactionMQProducer(args.text("group"));
        Clients.configure(producer, args, "tx" + ProcessHandle.current().pid());
        producer.setHeartbeatBrokerInterval(500);
        producer.setPollNameServerInterval(500);
        producer.setSendMsgTimeout(args.number("timeout", 10000));
        producer.setRetryTimesWhenSendFailed(args.number("retries", 0));
        producer.setTransactionListener(new Transact(args));
        producer.start();
        boolean tolerant = args.flag("tolerant");
        int n = args.number("n", 1);
        for (int i = 0; i < n; i++) {
            long s = args.number("first", 0) + i;
            Message message = Clients.message(args.text("topic"), args.text("p", "p0"), s, ("body " + s).getBytes());
            message.setTags(args.text("tags", ""));
            if (args.number("immunity", -1) >= 0) {
                message.putUserProperty("CHECK_IMMUNITY_TIME_IN_SECONDS", args.text("immunity"));
            }
            try {
                sent(s, producer.sendMessageInTransaction(message, s));
            } catch (MQClientException e) {
                if (!tolerant) {
                    throw e;
                }
                Out.line("failed", "s", s, "why", e.toString());
            }
            Thread.sleep(args.number("pause", 0));
        }
        Out.line("idle");
        if (args.flag("stay")) {
            Clients.untilTold();
        }
        producer.shutdown();
    }

    private static void sent(long s, SendResult r) {
        Out.line("sent", "s", s, "status", r.getSendStatus(), "q", r.getMessageQueue().getQueueId(), "o", r.getQueueOffset(), "id",
            r.getMsgId(), "offsetId", r.getOffsetMsgId(), "tx", r.getTransactionId());
    }

    private static LocalTransactionState state(String word) {
        return switch (word) {
            case "commit" -> LocalTransactionState.COMMIT_MESSAGE;
            case "rollback" -> LocalTransactionState.ROLLBACK_MESSAGE;
            default -> LocalTransactionState.UNKNOW;
        };
    }

    @Override
    public LocalTransactionState executeLocalTransaction(Message message, Object s) {
        String word = how[(int) ((Long) s % how.length)];
        if (word.equals("halt")) {
            Out.line("halted", "s", s);
            Runtime.getRuntime().halt(3);
        }
        return state(word);
    }

    @Override
    public LocalTransactionState checkLocalTransaction(MessageExt message) {
        long s = Long.parseLong(message.getUserProperty("s"));
        String word = how[(int) (s % how.length)];
        if (!word.equals("commit") && !word.equals("rollback")) {
            word = check[(int) (s % check.length)];
        }
        Out.line("checked", "s", s, "says", word, "topic", message.getTopic(), "at", System.currentTimeMillis(), "born",
            message.getBornTimestamp());
        return state(word);
    }
}
