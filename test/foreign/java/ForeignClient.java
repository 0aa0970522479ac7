import com.hedera.hashgraph.sdk.AccountCreateTransaction;
import com.hedera.hashgraph.sdk.AccountId;
import com.hedera.hashgraph.sdk.AccountInfoQuery;
import com.hedera.hashgraph.sdk.AccountUpdateTransaction;
import com.hedera.hashgraph.sdk.BatchTransaction;
import com.hedera.hashgraph.sdk.Client;
import com.hedera.hashgraph.sdk.Hbar;
import com.hedera.hashgraph.sdk.PrecheckStatusException;
import com.hedera.hashgraph.sdk.PrivateKey;
import com.hedera.hashgraph.sdk.ScheduleDeleteTransaction;
import com.hedera.hashgraph.sdk.ScheduleId;
import com.hedera.hashgraph.sdk.ScheduleInfoQuery;
import com.hedera.hashgraph.sdk.ScheduleSignTransaction;
import com.hedera.hashgraph.sdk.TokenAssociateTransaction;
import com.hedera.hashgraph.sdk.TokenCreateTransaction;
import com.hedera.hashgraph.sdk.TokenId;
import com.hedera.hashgraph.sdk.TokenMintTransaction;
import com.hedera.hashgraph.sdk.TopicCreateTransaction;
import com.hedera.hashgraph.sdk.TopicMessageQuery;
import com.hedera.hashgraph.sdk.TopicMessageSubmitTransaction;
import com.hedera.hashgraph.sdk.Transaction;
import com.hedera.hashgraph.sdk.TransactionReceipt;
import com.hedera.hashgraph.sdk.TransactionReceiptQuery;
import com.hedera.hashgraph.sdk.TransferTransaction;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Uses a network through the Hiero SDK for Java; prints what it did, and ends with 1 at the first thing that is wrong. */
public final class ForeignClient {
    private static final int SIGNATURES = 40;

    private final Client client;

    private ForeignClient(Client client) {
        this.client = client;
    }

    public static void main(String[] args) throws Exception {
        Map<String, String> env = System.getenv();
        Client client = Client.forNetwork(Map.of(env.get("NODE_IP"), AccountId.fromString(env.get("NODE_ACCOUNT_ID"))))
                .setMirrorNetwork(List.of(env.get("MIRROR_NETWORK")))
                .setOperator(
                        AccountId.fromString(env.get("OPERATOR_ID")), PrivateKey.fromStringDER(env.get("OPERATOR_KEY")));
        new ForeignClient(client).run();
        System.exit(0);
    }

    private void run() throws Exception {
        PrivateKey payerKey = PrivateKey.generateECDSA();
        AccountId payer = account(payerKey, 1_000);
        client.setOperator(payer, payerKey);
        PrivateKey friendKey = PrivateKey.generateED25519();
        AccountId friend = account(friendKey, 10);
        long balance = Hbar.from(10).toTinybars();
        expect(tinybars(friend), balance, "balance of a new account");
        say("accounts: %s with an ECDSA key pays from here on, %s has an Ed25519 key", payer, friend);

        for (int i = 0; i < SIGNATURES; i++) done(transfer(payer, friend, 1));
        balance += SIGNATURES;
        expect(tinybars(friend), balance, "balance after transfers");
        say("signatures: %d transactions signed with ECDSA were taken", SIGNATURES);

        var topic = done(new TopicCreateTransaction().setSubmitKey(payerKey.getPublicKey())).topicId;
        String text = "a line of text\n".repeat(250);
        CompletableFuture<byte[]> heard = new CompletableFuture<>();
        new TopicMessageQuery()
                .setTopicId(topic)
                .setStartTime(Instant.EPOCH)
                .subscribe(client, message -> heard.complete(message.contents));
        done(new TopicMessageSubmitTransaction().setTopicId(topic).setMessage(text));
        expect(new String(heard.get(20, TimeUnit.SECONDS), StandardCharsets.UTF_8), text, "the message");
        say("topic: %s brought a message of %d bytes in chunks", topic, text.length());

        var token = done(new TokenCreateTransaction()
                        .setTokenName("Foreign")
                        .setTokenSymbol("FRN")
                        .setDecimals(2)
                        .setInitialSupply(1_000)
                        .setTreasuryAccountId(payer)
                        .setSupplyKey(payerKey))
                .tokenId;
        done(new TokenAssociateTransaction().setAccountId(friend).setTokenIds(List.of(token)), friendKey);
        done(new TokenMintTransaction().setTokenId(token).setAmount(500));
        done(new TransferTransaction().addTokenTransfer(token, payer, -70).addTokenTransfer(token, friend, 70));
        say("token: %s created, associated, minted, transferred", token);

        var schedule = done(transfer(friend, payer, 5).schedule()).scheduleId;
        done(new ScheduleSignTransaction().setScheduleId(schedule), friendKey);
        balance -= 5;
        var info = new ScheduleInfoQuery().setScheduleId(schedule).execute(client);
        expect(info.executedAt != null, true, "whether the schedule ran");
        say("schedule: %s ran with its second signature", schedule);

        BatchTransaction batch = new BatchTransaction();
        for (long amount : List.of(3L, 4L)) {
            batch.addInnerTransaction(transfer(payer, friend, amount).batchify(client, payerKey.getPublicKey()));
        }
        done(batch, payerKey);
        expect(tinybars(friend), balance + 7, "balance after the batch");
        say("batch: two transfers, both or neither");
        escrow();
    }

    private void escrow() throws Exception {
        AccountId coordinator = AccountId.fromString(System.getenv("COORDINATOR_ID"));
        AccountId gatekeeper = AccountId.fromString(System.getenv("GATEKEEPER_ID"));
        PrivateKey coordinatorKey = PrivateKey.fromStringDER(System.getenv("COORDINATOR_KEY"));
        PrivateKey gatekeeperKey = PrivateKey.fromStringDER(System.getenv("GATEKEEPER_KEY"));
        List<String> refused = List.of(
                "INVALID_SIGNATURE",
                "INNER_TRANSACTION_FAILED",
                "INVALID_SIGNATURE",
                "TOKEN_HAS_NO_SUPPLY_KEY",
                "INVALID_SIGNATURE");
        expect(tryEscrow(coordinator, coordinatorKey), refused, "with the coordinator's key");
        expect(tryEscrow(gatekeeper, gatekeeperKey), refused, "with the gatekeeper's key");
        List<String> done = List.of("SUCCESS", "SUCCESS", "SUCCESS", "TOKEN_HAS_NO_SUPPLY_KEY", "SUCCESS");
        expect(tryEscrow(coordinator, coordinatorKey, gatekeeperKey), done, "with both keys");
        say("escrow: neither key alone moves a token, changes the key, mints or deletes the refund; both together do, and"
                + " mint nothing");
    }

    /** What the network says to whoever holds some keys of an escrow: transfer, batch, new key, mint, deletion of the refund. */
    private List<String> tryEscrow(AccountId owner, PrivateKey... keys) throws Exception {
        client.setOperator(owner, keys[0]);
        AccountId escrow = AccountId.fromString(System.getenv("ESCROW_ID"));
        TokenId token = TokenId.fromString(System.getenv("ESCROW_TOKEN"));
        ScheduleId refund = ScheduleId.fromString(System.getenv("ESCROW_REFUND"));
        String transfer = status(take(escrow, token, owner), keys);
        TransferTransaction inner = (TransferTransaction) take(escrow, token, owner).batchify(client, keys[0].getPublicKey());
        for (int i = 1; i < keys.length; i++) inner.sign(keys[i]);
        String batch = status(new BatchTransaction().addInnerTransaction(inner), keys);
        String key = status(
                new AccountUpdateTransaction().setAccountId(escrow).setKey(keys[0].getPublicKey()).setAccountMemo("mine"), keys);
        String mint = status(new TokenMintTransaction().setTokenId(token).setAmount(1), keys);
        return List.of(
                transfer, batch, key, mint, status(new ScheduleDeleteTransaction().setScheduleId(refund), keys));
    }

    private static TransferTransaction take(AccountId escrow, TokenId token, AccountId owner) {
        return new TransferTransaction().addTokenTransfer(token, escrow, -1).addTokenTransfer(token, owner, 1);
    }

    /** What the network says of a transaction. */
    private String status(Transaction<?> transaction, PrivateKey... keys) throws Exception {
        transaction.freezeWith(client);
        for (PrivateKey key : keys) transaction.sign(key);
        try {
            var response = transaction.execute(client);
            return new TransactionReceiptQuery()
                    .setTransactionId(response.transactionId)
                    .setNodeAccountIds(List.of(response.nodeId))
                    .execute(client)
                    .status
                    .toString();
        } catch (PrecheckStatusException refused) {
            return refused.status.toString();
        }
    }

    private AccountId account(PrivateKey key, long hbar) throws Exception {
        return done(new AccountCreateTransaction()
                        .setKeyWithoutAlias(key.getPublicKey())
                        .setInitialBalance(Hbar.from(hbar)))
                .accountId;
    }

    private static TransferTransaction transfer(AccountId from, AccountId to, long tinybars) {
        return new TransferTransaction()
                .addHbarTransfer(from, Hbar.fromTinybars(-tinybars))
                .addHbarTransfer(to, Hbar.fromTinybars(tinybars));
    }

    private long tinybars(AccountId account) throws Exception {
        return new AccountInfoQuery().setAccountId(account).execute(client).balance.toTinybars();
    }

    /** The receipt of a transaction; throws unless it succeeds. */
    private TransactionReceipt done(Transaction<?> transaction, PrivateKey... keys) throws Exception {
        transaction.freezeWith(client);
        for (PrivateKey key : keys) transaction.sign(key);
        return transaction.execute(client).getReceipt(client);
    }

    private static <T> void expect(T found, T wanted, String what) {
        if (!found.equals(wanted)) throw new IllegalStateException(what + ": " + found + ", expected " + wanted);
    }

    private static void say(String format, Object... values) {
        System.out.println(String.format(format, values));
    }
}
