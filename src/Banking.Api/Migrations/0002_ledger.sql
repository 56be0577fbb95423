-- Double-entry ledger, payments, fraud decisions, audit and events.
create schema ledger;
create schema payment;
create schema fraud;
create schema audit;
create schema event;

create table ledger.account (
    id              bigint generated always as identity primary key,
    public_id       uuid not null unique,
    iban            text not null unique,
    name            text not null,
    type            text not null check (type in ('current', 'savings', 'cash', 'settlement', 'fees', 'suspense')),
    currency        char(3) not null,
    state           text not null default 'open' check (state in ('open', 'frozen', 'closed')),
    -- Minor units. Changed only together with postings, by the posting function.
    balance         bigint not null default 0,
    reserved        bigint not null default 0 check (reserved >= 0),
    overdraft_limit bigint not null default 0 check (overdraft_limit >= 0),
    version         bigint not null default 0,
    opened_at       timestamptz not null,
    closed_at       timestamptz,
    -- The bank's own accounts may go below zero: they mirror what the world owes the bank.
    constraint available_covers check (type in ('cash', 'settlement', 'fees', 'suspense') or balance - reserved >= -overdraft_limit)
) with (fillfactor = 70);

-- Joint and business accounts are rows, not special cases.
create table ledger.account_holder (
    account_id bigint not null references ledger.account,
    party_id   bigint not null references identity.party,
    role       text not null check (role in ('owner', 'co_owner', 'authorised_signatory')),
    primary key (account_id, party_id)
);
create index account_holder_party on ledger.account_holder (party_id);

create table ledger.journal_entry (
    id           bigint generated always as identity primary key,
    public_id    uuid not null unique,
    kind         text not null check (kind in ('transfer', 'deposit', 'withdrawal', 'opening', 'interest', 'fee', 'reversal')),
    booking_date date not null,
    value_date   date not null,
    posted_at    timestamptz not null,
    -- The payment that caused it, once: a payment posts at most one entry.
    payment_id   bigint unique,
    reverses_id  bigint references ledger.journal_entry,
    reference    text
);

-- Few entries reverse another: only those are in the index.
create unique index journal_entry_reverses on ledger.journal_entry (reverses_id) where reverses_id is not null;

create table ledger.posting (
    id             bigint generated always as identity primary key,
    public_id      uuid not null unique,
    -- Both references are checked for all rows of a statement at once (0003): a foreign key runs a query of its own for every row.
    entry_id       bigint not null,
    account_id     bigint not null,
    amount         bigint not null check (amount <> 0),
    currency       char(3) not null,
    balance_after  bigint not null,
    booking_date   date not null,
    -- What the holder of this account sees of the other side.
    counterparty   text not null,
    category       text not null
);
create index posting_account_page on ledger.posting (account_id, id desc);
create index posting_account_date on ledger.posting (account_id, booking_date);
create index posting_entry on ledger.posting (entry_id);

create table payment.payee (
    id               bigint generated always as identity primary key,
    public_id        uuid not null unique,
    party_id         bigint not null references identity.party,
    name             text not null,
    iban             text not null,
    created_at       timestamptz not null,
    removed_at       timestamptz,
    payments_count   integer not null default 0,
    last_paid_at     timestamptz
);
create unique index payee_party_iban on payment.payee (party_id, iban) where removed_at is null;

create table payment.payment (
    id                  bigint generated always as identity primary key,
    public_id           uuid not null unique,
    party_id            bigint not null references identity.party,
    user_id             bigint not null references identity."user",
    debtor_account_id   bigint not null references ledger.account,
    payee_id            bigint references payment.payee,
    creditor_account_id bigint references ledger.account,
    creditor_name       text not null,
    creditor_iban       text not null,
    amount              bigint not null check (amount > 0),
    currency            char(3) not null,
    remittance          text,
    channel             text not null check (channel in ('web', 'assistant', 'agent')),
    conversation_id     text,
    state               text not null check (state in ('draft', 'awaiting_approval', 'approved', 'held', 'executed', 'rejected', 'cancelled', 'expired', 'failed', 'returned')),
    version             integer not null default 0,
    failure_code        text,
    reasons             text[] not null default '{}',
    created_at          timestamptz not null,
    updated_at          timestamptz not null,
    executed_at         timestamptz,
    expires_at          timestamptz not null,
    check (payee_id is not null or creditor_account_id is not null)
) with (fillfactor = 80);
create index payment_party_page on payment.payment (party_id, id desc);
create index payment_conversation on payment.payment (conversation_id, id desc) where conversation_id is not null;
alter table ledger.journal_entry add foreign key (payment_id) references payment.payment;

-- Rolling activity of one entity, kept by the posting (compare and set by version): no scan of postings ever feeds a limit or a score.
create table fraud.entity_history (
    kind         smallint not null, -- 1 payer (party), 2 counterparty (creditor IBAN)
    entity_key   text not null,
    history      bytea not null,
    version      bigint not null default 0,
    -- Limits count per bank day.
    spent_on     date not null,
    spent_amount bigint not null default 0,
    primary key (kind, entity_key)
) with (fillfactor = 70);

create table fraud.decision (
    id            bigint generated always as identity primary key,
    payment_id    bigint not null references payment.payment,
    stage         text not null check (stage in ('submit', 'execute')),
    outcome       text not null check (outcome in ('allow', 'strong_factor', 'hold', 'reject')),
    score         double precision not null,
    model_version text not null,
    features      real[] not null,
    reasons       jsonb not null,
    decided_at    timestamptz not null
);
create index decision_payment on fraud.decision (payment_id);

-- One answer per key: a retry gets the first answer, another body under the same key is refused.
create table payment.idempotency (
    user_id      bigint not null,
    key          text not null,
    request_hash bytea not null,
    status       integer not null,
    -- Text, not jsonb: a retry gets the first answer to the byte.
    response     text not null,
    created_at   timestamptz not null,
    primary key (user_id, key)
);

create table audit.event (
    id          bigint generated always as identity primary key,
    occurred_at timestamptz not null,
    actor       text not null,   -- usr_..., client id, or system
    on_behalf   text,            -- usr_... when the actor is the assistant
    action      text not null,
    subject     text,
    outcome     text not null,
    correlation text,            -- trace id
    -- Canonical JSON, kept as text: the hash is over exactly these characters.
    details     text not null default '{}',
    -- SHA-256 over the row's canonical content: the leaf of its batch's Merkle tree.
    leaf_hash   bytea not null
);

-- A sealed batch: RFC 6962 tree over its rows' leaf hashes, chained to the batch before.
create table audit.seal (
    id            bigint generated always as identity primary key,
    first_id      bigint not null,
    last_id       bigint not null,
    row_count     integer not null,
    tree_root     bytea not null,
    previous_seal bytea not null,
    seal_hash     bytea not null,
    sealed_at     timestamptz not null
);

-- Transactional outbox; NOTIFY wakes the dispatcher, rows are the truth.
create table event.outbox (
    id              bigint generated always as identity primary key,
    public_id       uuid not null unique,
    type            text not null,
    subject         text,
    data            jsonb not null,
    occurred_at     timestamptz not null,
    attempts        integer not null default 0,
    next_attempt_at timestamptz not null,
    delivered_at    timestamptz
);
create index outbox_due on event.outbox (next_attempt_at, id) where delivered_at is null;
