-- Conversations and the journal of their turns. Everything a customer or the bank said is encrypted by the process
-- (AES-256-GCM, one purpose per column); what is in clear is what queries need: ids, order, states and instants.

create schema assistant;
grant usage on schema assistant to ${app_role};

create table assistant.conversation (
    key                    bigint generated always as identity primary key,
    id                     text not null unique,
    -- The channel's user id ('dl_' + random): embedded in every token of this conversation, never chosen by the client.
    user_id                text not null,
    locale                 text not null default 'en-GB',
    created_at             timestamptz not null,
    -- Null until a client opened it: a token alone starts no conversation.
    started_at             timestamptz,
    ended_at               timestamptz,
    end_reason             text,
    last_sequence          bigint not null default 0 check (last_sequence >= 0),
    -- Whoever opened the newest socket; an older socket that sees another number closes.
    socket_epoch           bigint not null default 0,
    delegated_token        bytea,
    delegation_expires_at  timestamptz,
    -- One process renews at a time: a renewal ends the token it was made with.
    renewal_claimed_until  timestamptz,
    -- Null: not asked or not answered yet.
    model_consent          boolean,
    lease_owner            text,
    -- Fencing: grows with every lease. Whoever commits must still hold the number it was given.
    lease_token            bigint not null default 0,
    lease_expires_at       timestamptz,
    check ((delegated_token is null) = (delegation_expires_at is null))
);

create table assistant.activity (
    conversation_key    bigint not null references assistant.conversation (key),
    -- Taken from conversation.last_sequence under its row lock, so commit order is sequence order and a reader
    -- that has seen n has seen everything below n. It is also the watermark of Direct Line.
    sequence            bigint not null check (sequence > 0),
    direction           text not null check (direction in ('inbound', 'outbound')),
    client_activity_id  text,
    content             bytea not null,
    created_at          timestamptz not null,
    primary key (conversation_key, sequence)
);
create unique index activity_client_id on assistant.activity (conversation_key, client_activity_id) where client_activity_id is not null;

create table assistant.turn (
    key               bigint generated always as identity primary key,
    id                text not null unique,
    conversation_key  bigint not null references assistant.conversation (key),
    state             text not null default 'received' check (state in ('received', 'planned', 'executing', 'replied')),
    -- What the turn answers: the customer's words or tap, already redacted, or an event of the bank.
    input             bytea not null,
    input_sequence    bigint,
    -- Which planner the turn is with; a fault of the model hands it to the embedded planner once and for good.
    planner           text,
    reply             bytea,
    created_at        timestamptz not null,
    replied_at        timestamptz,
    check ((state = 'replied') = (replied_at is not null))
);
create index turn_of_conversation on assistant.turn (conversation_key, key);
create index turn_open on assistant.turn (conversation_key, key) where state <> 'replied';

create table assistant.tool_call (
    -- The id is made before the call is committed and is the Idempotency-Key of the call.
    id           text primary key,
    turn_key     bigint not null references assistant.turn (key),
    step         integer not null,
    ordinal      integer not null,
    planner      text not null,
    name         text not null,
    arguments    bytea not null,
    planned_at   timestamptz not null,
    result       bytea,
    finished_at  timestamptz,
    unique (turn_key, step, ordinal),
    check ((result is null) = (finished_at is null))
);

create table assistant.dialogue_event (
    key               bigint generated always as identity primary key,
    conversation_key  bigint not null references assistant.conversation (key),
    turn_key          bigint not null references assistant.turn (key),
    content           bytea not null
);
create index dialogue_event_of_conversation on assistant.dialogue_event (conversation_key, key);

-- Single-use tickets of the WebSocket stream, by SHA-256: the address of a socket ends up in logs, so it must be worth nothing afterwards.
create table assistant.stream_ticket (
    hash              bytea primary key,
    conversation_key  bigint not null references assistant.conversation (key),
    watermark         bigint not null,
    expires_at        timestamptz not null
);
create index stream_ticket_expiry on assistant.stream_ticket (expires_at);

create table assistant.processed_webhook (
    id           text primary key,
    received_at  timestamptz not null
);
create index processed_webhook_age on assistant.processed_webhook (received_at);

-- A fork of the journal is a bug, not a state: one open turn may be worked on by the holder of the lease only, and a reply is final.
create function assistant.refuse_change_of_replied_turn() returns trigger language plpgsql as $$
begin
    if old.state = 'replied' then
        raise exception 'Turn % has been answered; its journal does not change.', old.id using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$;
create trigger turn_is_final before update on assistant.turn for each row execute function assistant.refuse_change_of_replied_turn();

grant select, insert, update, delete on all tables in schema assistant to ${app_role};
grant usage on all sequences in schema assistant to ${app_role};
