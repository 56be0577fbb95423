-- What the serving role may do with identities. Sessions, tokens and authorizations are ended, never deleted: the audit trail refers to them.
grant usage on schema identity to ${app_role};
grant select, insert, update on all tables in schema identity to ${app_role};
-- Only what is spent or withdrawn by its owner is ever removed.
grant delete on identity.user_passkey, identity.sign_in_ticket, identity.passkey_ceremony, identity.user_role to ${app_role};

grant usage on schema audit, event to ${app_role};
grant select, insert on audit.event to ${app_role};
grant select, insert, update on event.outbox to ${app_role};

-- An idle or expired session is found by its end, a session's authorizations by their owner.
create index session_last_seen on identity.session (last_seen_at) where revoked_at is null;
create index authorization_owner on identity."authorization" (user_id, session_id);
create index passkey_ceremony_authorization on identity.passkey_ceremony (authorization_id) where used_at is null;
create index delegation_grant_session on identity.delegation_grant (session_id);

-- The roles are part of the program (Identity/Caller.cs), so they come with the schema.
insert into identity.role (name, normalized_name)
select name, upper(name) from unnest(array['customer', 'agent', 'supervisor', 'risk_analyst', 'risk_lead', 'auditor', 'teller', 'admin']) as name;
