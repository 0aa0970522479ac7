//! Uses a network through the Hiero SDK for Rust; prints what it did, and ends with 1 at the first thing that is wrong.

use futures_util::StreamExt;
use hiero_sdk::{
    AccountCreateTransaction, AccountId, AccountInfoQuery, AccountUpdateTransaction, BatchTransaction, Client, Error, Hbar, PrivateKey,
    ScheduleDeleteTransaction, ScheduleInfoQuery, ScheduleSignTransaction, TokenAssociateTransaction, TokenCreateTransaction,
    TokenMintTransaction, TopicCreateTransaction, TopicMessageQuery, TopicMessageSubmitTransaction,
    TransferTransaction,
};
use std::{collections::HashMap, env, time::Duration};

/// What the network says of a transaction, signed with further keys than its payer's.
macro_rules! status {
    ($client:expr, $transaction:expr, $keys:expr) => {{
        let transaction = $transaction;
        transaction.freeze_with($client)?;
        for key in $keys {
            transaction.sign((*key).clone());
        }
        let said = match transaction.execute($client).await {
            Ok(response) => response.get_receipt($client).await.map(|receipt| receipt.status),
            Err(error) => Err(error),
        };
        match said {
            Ok(status) => status,
            Err(Error::ReceiptStatus { status, .. } | Error::TransactionPreCheckStatus { status, .. }) => status,
            Err(error) => return Err(error.into()),
        }
        .as_str_name()
    }};
}

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const SIGNATURES: i64 = 40;

#[tokio::main]
async fn main() -> Outcome<()> {
    let node = HashMap::from([(env::var("NODE_IP")?, env::var("NODE_ACCOUNT_ID")?.parse()?)]);
    let client = Client::for_network(node)?;
    client.set_mirror_network([env::var("MIRROR_NETWORK")?]);
    client.set_operator(env::var("OPERATOR_ID")?.parse()?, env::var("OPERATOR_KEY")?.parse()?);

    let payer_key = PrivateKey::generate_ecdsa();
    let payer = account(&client, &payer_key, 1_000).await?;
    client.set_operator(payer, payer_key.clone());
    let friend_key = PrivateKey::generate_ed25519();
    let friend = account(&client, &friend_key, 10).await?;
    let mut balance = Hbar::new(10).to_tinybars();
    expect(tinybars(&client, friend).await?, balance, "balance of a new account")?;
    println!("accounts: {payer} with an ECDSA key pays from here on, {friend} has an Ed25519 key");

    for _ in 0..SIGNATURES {
        transfer(payer, friend, 1).execute(&client).await?.get_receipt(&client).await?;
    }
    balance += SIGNATURES;
    expect(tinybars(&client, friend).await?, balance, "balance after transfers")?;
    println!("signatures: {SIGNATURES} transactions signed with ECDSA were taken");

    chunked_message(&client, &payer_key).await?;
    token(&client, payer, &payer_key, friend, &friend_key).await?;

    let response = transfer(friend, payer, 5).schedule().execute(&client).await?;
    let schedule = response.get_receipt(&client).await?.schedule_id.ok_or("no schedule id")?;
    ScheduleSignTransaction::new()
        .schedule_id(schedule)
        .freeze_with(&client)?
        .sign(friend_key)
        .execute(&client)
        .await?
        .get_receipt(&client)
        .await?;
    balance -= 5;
    let info = ScheduleInfoQuery::new().schedule_id(schedule).execute(&client).await?;
    expect(info.executed_at.is_some(), true, "whether the schedule ran")?;
    println!("schedule: {schedule} ran with its second signature");

    let mut batch = BatchTransaction::new();
    for amount in [3, 4] {
        let mut part = transfer(payer, friend, amount);
        // Not batchify, which signs twice with the operator's key and is answered KEY_PREFIX_MISMATCH.
        part.set_batch_key(payer_key.public_key().into()).node_account_ids([AccountId::new(0, 0, 0)]);
        part.freeze_with(&client)?;
        batch.add_inner_transaction(part.into())?;
    }
    batch.execute(&client).await?.get_receipt(&client).await?;
    expect(tinybars(&client, friend).await?, balance + 7, "balance after the batch")?;
    println!("batch: two transfers, both or neither");
    escrow(&client).await
}

async fn escrow(client: &Client) -> Outcome<()> {
    let coordinator: AccountId = env::var("COORDINATOR_ID")?.parse()?;
    let gatekeeper: AccountId = env::var("GATEKEEPER_ID")?.parse()?;
    let coordinator_key: PrivateKey = env::var("COORDINATOR_KEY")?.parse()?;
    let gatekeeper_key: PrivateKey = env::var("GATEKEEPER_KEY")?.parse()?;
    let (alone, mint) = ("INVALID_SIGNATURE", "TOKEN_HAS_NO_SUPPLY_KEY");
    let refused = [alone, "INNER_TRANSACTION_FAILED", alone, mint, alone].map(String::from);
    expect(try_escrow(client, coordinator, &[&coordinator_key]).await?, refused.clone(), "with the coordinator's key")?;
    expect(try_escrow(client, gatekeeper, &[&gatekeeper_key]).await?, refused, "with the gatekeeper's key")?;
    let done = ["SUCCESS", "SUCCESS", "SUCCESS", mint, "SUCCESS"].map(String::from);
    expect(try_escrow(client, coordinator, &[&coordinator_key, &gatekeeper_key]).await?, done, "with both keys")?;
    println!(
        "escrow: neither key alone moves a token, changes the key, mints or deletes the refund; both together do, and mint nothing"
    );
    Ok(())
}

/// What the network says to whoever holds some keys of an escrow: transfer, batch, new key, mint, deletion of the refund.
async fn try_escrow(client: &Client, owner: AccountId, keys: &[&PrivateKey]) -> Outcome<[String; 5]> {
    client.set_operator(owner, keys[0].clone());
    let escrow: AccountId = env::var("ESCROW_ID")?.parse()?;
    let token: hiero_sdk::TokenId = env::var("ESCROW_TOKEN")?.parse()?;
    let take = || {
        let mut transfer = TransferTransaction::new();
        transfer.token_transfer(token, escrow, -1).token_transfer(token, owner, 1);
        transfer
    };
    // The SDK itself signs with the key of who pays.
    let others = &keys[1..];
    let transfer = status!(client, &mut take(), others);
    let mut inner = take();
    // As above, not batchify.
    inner.set_batch_key(keys[0].public_key().into()).node_account_ids([AccountId::new(0, 0, 0)]);
    inner.freeze_with(client)?;
    for key in others {
        inner.sign((*key).clone());
    }
    let mut batch = BatchTransaction::new();
    batch.add_inner_transaction(inner.into())?;
    let batch = status!(client, &mut batch, others);
    let mut update = AccountUpdateTransaction::new();
    update.account_id(escrow).key(keys[0].public_key()).account_memo("mine");
    let update = status!(client, &mut update, others);
    let mut mint = TokenMintTransaction::new();
    mint.token_id(token).amount(1);
    let mint = status!(client, &mut mint, others);
    let mut delete = ScheduleDeleteTransaction::new();
    delete.schedule_id(env::var("ESCROW_REFUND")?.parse()?);
    let delete = status!(client, &mut delete, others);
    Ok([transfer, batch, update, mint, delete].map(String::from))
}

async fn chunked_message(client: &Client, submit_key: &PrivateKey) -> Outcome<()> {
    let response = TopicCreateTransaction::new().submit_key(submit_key.public_key()).execute(client).await?;
    let topic = response.get_receipt(client).await?.topic_id.ok_or("no topic id")?;
    let text = "a line of text\n".repeat(250);
    let mut query = TopicMessageQuery::new();
    query.topic_id(topic).start_time(time::OffsetDateTime::UNIX_EPOCH);
    let mut messages = query.subscribe(client);
    TopicMessageSubmitTransaction::new()
        .topic_id(topic)
        .message(text.clone().into_bytes())
        .execute(client)
        .await?
        .get_receipt(client)
        .await?;
    let message = tokio::time::timeout(Duration::from_secs(20), messages.next()).await?.ok_or("no message")??;
    expect(String::from_utf8(message.contents)?, text.clone(), "the message")?;
    println!("topic: {topic} brought a message of {} bytes in chunks", text.len());
    Ok(())
}

async fn token(
    client: &Client,
    payer: AccountId,
    payer_key: &PrivateKey,
    friend: AccountId,
    friend_key: &PrivateKey,
) -> Outcome<()> {
    let response = TokenCreateTransaction::new()
        .name("Foreign")
        .symbol("FRN")
        .decimals(2)
        .initial_supply(1_000)
        .treasury_account_id(payer)
        .supply_key(payer_key.public_key())
        .execute(client)
        .await?;
    let token = response.get_receipt(client).await?.token_id.ok_or("no token id")?;
    TokenAssociateTransaction::new()
        .account_id(friend)
        .token_ids([token])
        .freeze_with(client)?
        .sign(friend_key.clone())
        .execute(client)
        .await?
        .get_receipt(client)
        .await?;
    TokenMintTransaction::new().token_id(token).amount(500).execute(client).await?.get_receipt(client).await?;
    TransferTransaction::new()
        .token_transfer(token, payer, -70)
        .token_transfer(token, friend, 70)
        .execute(client)
        .await?
        .get_receipt(client)
        .await?;
    println!("token: {token} created, associated, minted, transferred");
    Ok(())
}

async fn account(client: &Client, key: &PrivateKey, hbar: i64) -> Outcome<AccountId> {
    let response = AccountCreateTransaction::new()
        .set_key_without_alias(key.public_key())
        .initial_balance(Hbar::new(hbar))
        .execute(client)
        .await?;
    Ok(response.get_receipt(client).await?.account_id.ok_or("no account id")?)
}

fn transfer(from: AccountId, to: AccountId, tinybars: i64) -> TransferTransaction {
    let mut transaction = TransferTransaction::new();
    transaction.hbar_transfer(from, Hbar::from_tinybars(-tinybars)).hbar_transfer(to, Hbar::from_tinybars(tinybars));
    transaction
}

async fn tinybars(client: &Client, account: AccountId) -> Outcome<i64> {
    Ok(AccountInfoQuery::new().account_id(account).execute(client).await?.balance.to_tinybars())
}

fn expect<T: PartialEq + std::fmt::Debug>(found: T, wanted: T, what: &str) -> Outcome<()> {
    if found == wanted {
        return Ok(());
    }
    Err(format!("{what}: {found:?}, expected {wanted:?}").into())
}
