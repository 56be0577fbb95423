-- What account holders read, what leaves through the outbox, and what seals need.

-- Ownership is part of what is read: one row per holder and account, so no query can name an account without its holder.
create view ledger.held_account as
    select h.party_id, h.role, a.id, a.public_id, a.iban, a.name, a.type, a.currency, a.state, a.balance, a.reserved, a.overdraft_limit, a.opened_at
    from ledger.account a
    join ledger.account_holder h on h.account_id = a.id;

-- One row per holder and posting. The payment is named only to the party that made it.
create view ledger.held_transaction as
    select h.party_id, p.id, p.public_id, p.entry_id, p.account_id, a.public_id as account_public_id, p.amount, p.currency, p.balance_after,
           p.booking_date, e.value_date, e.posted_at, p.counterparty, e.reference, p.category, e.kind,
           case when m.party_id = h.party_id then m.public_id end as payment_public_id
    from ledger.posting p
    join ledger.account_holder h on h.account_id = p.account_id
    join ledger.account a on a.id = p.account_id
    join ledger.journal_entry e on e.id = p.entry_id
    left join payment.payment m on m.id = e.payment_id;

-- A seal keeps the ids and leaves its tree was built from: when a row is altered or gone, the seal says which.
alter table audit.seal add column row_ids bigint[] not null;
alter table audit.seal add column leaf_hashes bytea[] not null;
-- Two sealers can never seal the same rows, and no seal can have two successors.
create unique index seal_first on audit.seal (first_id);
create unique index seal_chain on audit.seal (previous_seal);

-- Events about one subject leave in order.
create index outbox_subject on event.outbox (subject, id) where delivered_at is null and subject is not null;

-- A commit that leaves events wakes the dispatcher; the rows are the truth, so a lost notification costs one poll interval.
create function event.wake() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
    perform pg_notify('outbox', '');
    return null;
end $$;
revoke all on function event.wake() from public;
create trigger wake after insert on event.outbox for each statement execute function event.wake();

grant select on ledger.held_account, ledger.held_transaction to ${app_role};
