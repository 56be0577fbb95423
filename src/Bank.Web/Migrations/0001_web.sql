-- What the pages keep: who is signed in here, and the keys that protect their cookies. No business data.

-- One row per signed-in browser. The browser holds a random key, protected; here is only its hash, so that a copy of this
-- table opens no session. The ticket (with the bank's access token) is encrypted for exactly this row.
create table web.session (
    key_hash      bytea primary key check (octet_length(key_hash) = 32),
    -- The bank's own id of the session (ses_...): two rows with the same one do not exist, sign-in always opens a new session.
    session_id    text not null unique,
    ticket_cipher bytea not null,
    -- The open conversation with the assistant and its channel token; null until the chat page was opened.
    chat_cipher   bytea,
    expires_at    timestamptz not null
);
create index session_expires_at on web.session (expires_at);

-- ASP.NET Core Data Protection keys, encrypted at rest; all copies of the process share them.
create table web.data_protection_key (
    name       text primary key,
    key_cipher bytea not null,
    created_at timestamptz not null
);

grant usage on schema web to ${app_role};
grant select, insert, update, delete on web.session to ${app_role};
grant select, insert on web.data_protection_key to ${app_role};
