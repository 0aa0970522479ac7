"""Uses a network through the Hiero SDK for Python; prints what it did, and ends with 1 at the first thing that is wrong."""

import os
import sys
import threading
from datetime import datetime, timezone

from hiero_sdk_python import (
    AccountCreateTransaction,
    AccountId,
    AccountInfoQuery,
    AccountUpdateTransaction,
    BatchTransaction,
    Client,
    Hbar,
    Network,
    PrecheckError,
    PrivateKey,
    ResponseCode,
    ScheduleCreateTransaction,
    ScheduleDeleteTransaction,
    ScheduleId,
    ScheduleInfoQuery,
    ScheduleSignTransaction,
    TokenAssociateTransaction,
    TokenCreateTransaction,
    TokenId,
    TokenMintTransaction,
    TopicCreateTransaction,
    TopicMessageQuery,
    TopicMessageSubmitTransaction,
    TransferTransaction,
)
from hiero_sdk_python.node import _Node

SIGNATURES = 40


def connect() -> Client:
    node = _Node(AccountId.from_string(os.environ["NODE_ACCOUNT_ID"]), os.environ["NODE_IP"], None)
    client = Client(Network("localhost", nodes=[node], mirror_address=os.environ["MIRROR_NETWORK"]))
    key = PrivateKey.from_string_der(os.environ["OPERATOR_KEY"])
    client.set_operator(AccountId.from_string(os.environ["OPERATOR_ID"]), key)
    return client


def done(transaction, client: Client, *keys: PrivateKey):
    """The receipt of a transaction that must succeed."""
    transaction.freeze_with(client)
    for key in keys:
        transaction.sign(key)
    receipt = transaction.execute(client)
    expect(ResponseCode(receipt.status).name, "SUCCESS", type(transaction).__name__)
    return receipt


def expect(found, wanted, what: str) -> None:
    if found != wanted:
        sys.exit(f"{what}: {found!r}, expected {wanted!r}")


def account(client: Client, key: PrivateKey, hbar: int) -> AccountId:
    create = AccountCreateTransaction().set_key_without_alias(key.public_key()).set_initial_balance(Hbar(hbar))
    return done(create, client).account_id


def tinybars(client: Client, owner: AccountId) -> int:
    return AccountInfoQuery(owner).execute(client).balance.to_tinybars()


client = connect()
payer_key = PrivateKey.generate_ecdsa()
payer = account(client, payer_key, 1_000)
client.set_operator(payer, payer_key)
friend_key = PrivateKey.generate_ed25519()
friend = account(client, friend_key, 10)
expect(tinybars(client, friend), 10 * 100_000_000, "balance of a new account")
print(f"accounts: {payer} with an ECDSA key pays from here on, {friend} has an Ed25519 key")

for _ in range(SIGNATURES):
    done(TransferTransaction().add_hbar_transfer(payer, -1).add_hbar_transfer(friend, 1), client)
expect(tinybars(client, friend), 10 * 100_000_000 + SIGNATURES, "balance after transfers")
print(f"signatures: {SIGNATURES} transactions signed with ECDSA were taken")

topic = done(TopicCreateTransaction(submit_key=payer_key.public_key()), client).topic_id
text = "".join(f"line {number}\n" for number in range(400))
heard: list[bytes] = []
is_heard = threading.Event()
query = TopicMessageQuery(topic_id=topic, start_time=datetime.fromtimestamp(0, timezone.utc), chunking_enabled=True)
subscription = query.subscribe(client, lambda message: (heard.append(message.contents), is_heard.set()))
done(TopicMessageSubmitTransaction(topic_id=topic, message=text), client)
is_heard.wait(20)
subscription.cancel()
expect(heard, [text.encode()], "the message that the subscription brought")
print(f"topic: {topic} brought a message of {len(text)} bytes in chunks")

create = TokenCreateTransaction().set_token_name("Foreign").set_token_symbol("FRN").set_decimals(2)
create.set_initial_supply(1_000).set_treasury_account_id(payer).set_supply_key(payer_key.public_key())
token = done(create, client).token_id
done(TokenAssociateTransaction(friend, [token]), client, friend_key)
done(TokenMintTransaction().set_token_id(token).set_amount(500), client)
done(TransferTransaction().add_token_transfer(token, payer, -70).add_token_transfer(token, friend, 70), client)
print(f"token: {token} created, associated, minted, transferred")

inner = TransferTransaction().add_hbar_transfer(friend, -5).add_hbar_transfer(payer, 5)
schedule = done(inner.schedule(), client).schedule_id
done(ScheduleSignTransaction(schedule), client, friend_key)
executed = ScheduleInfoQuery().set_schedule_id(schedule).execute(client).executed_at
expect(executed is not None, True, "whether the schedule ran")
print(f"schedule: {schedule} ran with its second signature")

batch = BatchTransaction()
for amount in (3, 4):
    part = TransferTransaction().add_hbar_transfer(payer, -amount).add_hbar_transfer(friend, amount)
    batch.add_inner_transaction(part.batchify(client, payer_key.public_key()))
done(batch, client, payer_key)
expect(tinybars(client, friend), 10 * 100_000_000 + SIGNATURES - 5 + 7, "balance after the batch")
print("batch: two transfers, both or neither")


def status(transaction, keys: list[PrivateKey]) -> str:
    """What the network says of a transaction."""
    transaction.freeze_with(client)
    for key in keys:
        transaction.sign(key)
    try:
        return ResponseCode(transaction.execute(client).status).name
    except PrecheckError as error:
        return ResponseCode(error.status).name


def try_escrow(owner: AccountId, keys: list[PrivateKey]) -> dict[str, str]:
    """What whoever holds some keys of an escrow can do with it, paid for by one of the holders."""
    client.set_operator(owner, keys[0])
    escrow, token_id = AccountId.from_string(os.environ["ESCROW_ID"]), TokenId.from_string(os.environ["ESCROW_TOKEN"])
    rung = ScheduleId.from_string(os.environ["ESCROW_REFUND"])

    def transfer():
        return TransferTransaction().add_token_transfer(token_id, escrow, -1).add_token_transfer(token_id, owner, 1)

    said = {"transfer": status(transfer(), keys)}
    inner = transfer().batchify(client, keys[0].public_key())
    for key in keys[1:]:
        inner.sign(key)
    said["batch"] = status(BatchTransaction().add_inner_transaction(inner), keys)
    update = AccountUpdateTransaction().set_account_id(escrow).set_key(keys[0].public_key())
    said["key"] = status(update.set_account_memo("mine"), keys)
    said["mint"] = status(TokenMintTransaction().set_token_id(token_id).set_amount(1), keys)
    said["refund"] = status(ScheduleDeleteTransaction(schedule_id=rung), keys)
    return said


parties = {
    name: (AccountId.from_string(os.environ[f"{name}_ID"]), PrivateKey.from_string_der(os.environ[f"{name}_KEY"]))
    for name in ("COORDINATOR", "GATEKEEPER")
}
refused = {kind: "INVALID_SIGNATURE" for kind in ("transfer", "key", "refund")}
minted = {"mint": "TOKEN_HAS_NO_SUPPLY_KEY"}
for name, (owner, key) in parties.items():
    expect(try_escrow(owner, [key]), {**refused, **minted, "batch": "INNER_TRANSACTION_FAILED"}, f"with the key of {name}")
together = try_escrow(parties["COORDINATOR"][0], [key for _, key in parties.values()])
expect(together, {**dict.fromkeys(("transfer", "batch", "key", "refund"), "SUCCESS"), **minted}, "with both keys")
print("escrow: neither key alone moves a token, changes the key, mints or deletes the refund; both together do, and mint nothing")
client.close()
