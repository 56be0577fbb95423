-- Posting: who may write what, what the ledger refuses, and the one function that moves money.

-- The bank's own accounts.
insert into ledger.account (public_id, iban, name, type, currency, opened_at)
select gen_random_uuid(), own.iban, own.name, own.type, 'GBP', now()
from (values ('GB46SBNK00000000000001', 'Cash', 'cash'),
             ('GB19SBNK00000000000002', 'Settlement', 'settlement'),
             ('GB89SBNK00000000000003', 'Fees', 'fees'),
             ('GB62SBNK00000000000004', 'Suspense', 'suspense')) as own (iban, name, type);
create unique index account_of_bank on ledger.account (type, currency) where type in ('cash', 'settlement', 'fees', 'suspense');

-- Account numbers of customers, the last eight digits of their IBANs.
create sequence ledger.account_number start 10000001 maxvalue 99999999;

create index payment_expiry on payment.payment (expires_at) where state in ('draft', 'awaiting_approval', 'approved');
create index authorization_credential_change on identity."authorization" (user_id, consumed_at)
    where type = 'credential_registration' and state = 'consumed';

-- Append only, for everyone: privileges stop the service, these triggers stop the owner too.
create function ledger.refuse_change() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
    raise exception '%.% is append-only: % is refused.', tg_table_schema, tg_table_name, tg_op using errcode = 'restrict_violation';
end $$;

create trigger append_only before update or delete or truncate on ledger.journal_entry for each statement execute function ledger.refuse_change();
create trigger append_only before update or delete or truncate on ledger.posting for each statement execute function ledger.refuse_change();
create trigger append_only before update or delete or truncate on audit.event for each statement execute function ledger.refuse_change();
create trigger append_only before update or delete or truncate on audit.seal for each statement execute function ledger.refuse_change();
create trigger append_only before update or delete or truncate on fraud.decision for each statement execute function ledger.refuse_change();
alter table ledger.journal_entry enable always trigger append_only;
alter table ledger.posting enable always trigger append_only;
alter table audit.event enable always trigger append_only;
alter table audit.seal enable always trigger append_only;
alter table fraud.decision enable always trigger append_only;

-- The postings of an entry come in one statement, belong to an entry and to accounts that exist, sum to zero in each currency and match the
-- currency of their accounts. The references are checked here for all rows of a statement at once: a foreign key runs a query of its own for
-- every row, which costs more than writing the row. Nothing referred to can go away: entries are append-only and accounts are never deleted.
create trigger never_deleted before delete or truncate on ledger.account for each statement execute function ledger.refuse_change();
alter table ledger.account enable always trigger never_deleted;
create function ledger.check_postings() returns trigger language plpgsql
    set search_path = pg_catalog set plan_cache_mode = force_generic_plan set jit = off set enable_seqscan = off as $$
begin
    if exists (select from added group by entry_id, currency having sum(amount) <> 0) then
        raise exception 'The postings of an entry do not sum to zero.' using errcode = 'check_violation';
    end if;
    -- Scalar subqueries, because they can only be look-ups by key: a join may become a scan of a table that was small when it was planned.
    if exists (select from added
               where (select account.currency from ledger.account where account.id = added.account_id) is distinct from added.currency
                  or (select journal_entry.id from ledger.journal_entry where journal_entry.id = added.entry_id) is null) then
        if exists (select from added where (select account.currency from ledger.account where account.id = added.account_id) <> added.currency) then
            raise exception 'A posting is not in the currency of its account.' using errcode = 'check_violation';
        end if;
        raise exception 'A posting belongs to no entry or to no account.' using errcode = 'foreign_key_violation';
    end if;
    return null;
end $$;
create trigger balanced after insert on ledger.posting referencing new table as added for each statement execute function ledger.check_postings();
alter table ledger.posting enable always trigger balanced;

-- Posts a batch. The caller has read everything, decided and prepared each item's rows; this function locks what the decisions rest on,
-- checks that it still holds, and writes what holds. An item that no longer holds is left out by name and its neighbours are not affected;
-- later items of the same account, payer or payee are judged after the earlier ones.
--
-- Locks are taken in one order everywhere (accounts, histories, payments, authorizations; each by key), so that writers of several
-- processes wait for each other instead of deadlocking.
--
-- Kinds: 0 audit only, 1 execute a payment, 2 hold a payment, 3 fail a payment, 4 movement without a payment.
-- Zero stands for "none" in numeric arrays. Answers per item: ok, changed, insufficient_funds, account_changed, history_changed.
create function ledger.post_batch(
    p_kind smallint[], p_at timestamptz[], p_booking_date date[],
    p_account_ids bigint[], p_debit_ix integer[], p_credit_ix integer[], p_amount bigint[], p_currency text[],
    p_entry_public_id uuid[], p_debit_public_id uuid[], p_credit_public_id uuid[], p_entry_kind text[], p_reference text[],
    p_debit_counterparty text[], p_credit_counterparty text[], p_debit_category text[], p_credit_category text[],
    p_payment_id bigint[], p_payment_version integer[], p_creditor_name text[], p_creditor_iban text[], p_state text[], p_failure_code text[], p_reasons text[],
    p_payee_id bigint[],
    p_authorization_id bigint[], p_details_hash bytea[], p_session_id bigint[], p_user_id bigint[],
    p_entity_kinds smallint[], p_entity_keys text[], p_entity_new boolean[],
    p_payer_ix integer[], p_payer_version bigint[], p_payer_history bytea[], p_spent_on date[], p_spent_amount bigint[],
    p_payee_ix integer[], p_payee_version bigint[], p_payee_history bytea[],
    p_model_version text[], p_score double precision[], p_decision text[], p_decision_reasons text[], p_features real[], p_feature_count integer,
    p_key text[], p_request_hash bytea[], p_response text[],
    p_audit_actor text[], p_audit_action text[], p_audit_subject text[], p_audit_outcome text[], p_audit_correlation text[], p_audit_details text[], p_audit_leaf bytea[],
    p_event_id uuid[], p_event_type text[], p_event_subject text[], p_event_data text[])
returns text[]
language plpgsql security definer
set search_path = pg_catalog
set plan_cache_mode = force_generic_plan
set jit = off
-- Every join is a handful of index look-ups; plans made while a table was still small must not become scans.
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
    n constant integer := cardinality(p_kind);
    verdict text[] := array_fill('changed'::text, array[n]);
    holds boolean[] := array_fill(false, array[n]);
    posted boolean[] := array_fill(false, array[n]);
    decided boolean[] := array_fill(false, array[n]);
    any_posted boolean := false;
    entry_id bigint[] := array_fill(0::bigint, array[n]);
    debit_after bigint[] := array_fill(0::bigint, array[n]);
    credit_after bigint[] := array_fill(0::bigint, array[n]);
    a_state text[];
    a_currency text[];
    a_balance bigint[];
    a_reserved bigint[];
    a_floor bigint[];
    a_touched boolean[];
    h_version bigint[];
    h_item integer[];
    ok_items integer[];
    item integer;
    d integer;
    c integer;
    k smallint;
    h integer;
begin
    -- Accounts.
    if cardinality(p_account_ids) > 0 then
        -- The rows come sorted from the subquery; an order inside each aggregate would sort them once per column.
        select array_agg(l.state), array_agg(l.currency), array_agg(l.balance), array_agg(l.reserved),
               array_agg(case when l.type in ('current', 'savings') then -l.overdraft_limit end), array_agg(false)
        into a_state, a_currency, a_balance, a_reserved, a_floor, a_touched
        from (select id, state, currency, balance, reserved, type, overdraft_limit
              from ledger.account where id = any (p_account_ids) order by id for no key update) l;
        if cardinality(a_state) is distinct from cardinality(p_account_ids) then
            raise exception 'A batch names an account that does not exist.' using errcode = 'foreign_key_violation';
        end if;
    end if;

    -- Histories; a missing one is made first, so that there is a row to lock.
    if cardinality(p_entity_keys) > 0 then
        if true = any (p_entity_new) then
            insert into fraud.entity_history (kind, entity_key, history, spent_on)
            select u.kind, u.entity_key, ''::bytea, p_booking_date[1]
            from unnest(p_entity_kinds, p_entity_keys, p_entity_new) with ordinality as u (kind, entity_key, is_new, ix)
            where u.is_new order by u.ix
            on conflict do nothing;
        end if;
        select array_agg(l.version), array_agg(0)
        into h_version, h_item
        from (select u.ix, e.version
              from unnest(p_entity_kinds, p_entity_keys) with ordinality as u (kind, entity_key, ix)
              join fraud.entity_history e on e.kind = u.kind and e.entity_key = u.entity_key
              order by u.ix for no key update of e) l;
    end if;

    -- Payments and their approvals: the very fields that were hashed, the approval unused, unexpired and given in this session, the session alive, the key unused.
    select array_agg(l.ix) into ok_items
    from (select i.ix
          from unnest(p_payment_id, p_payment_version, p_amount, p_currency, p_creditor_name, p_creditor_iban, p_reference,
                      p_authorization_id, p_details_hash, p_session_id, p_user_id, p_key, p_at, p_debit_ix) with ordinality
               as i (payment_id, version, amount, currency, creditor_name, creditor_iban, remittance,
                     authorization_id, details_hash, session_id, user_id, key, at, debit_ix, ix)
          join payment.payment p on p.id = i.payment_id
          join identity."authorization" z on z.id = i.authorization_id
          join identity.session s on s.id = i.session_id
          where p.version = i.version and p.state = 'approved' and p.amount = i.amount and p.currency = i.currency
            and p.debtor_account_id = p_account_ids[i.debit_ix]
            and p.creditor_name = i.creditor_name and p.creditor_iban = i.creditor_iban and p.remittance is not distinct from i.remittance
            and z.type = 'payment_initiation' and z.subject_id = p.id
            and z.state = 'approved' and z.details_hash = i.details_hash and z.user_id = i.user_id and z.session_id = i.session_id and z.expires_at > i.at
            and s.revoked_at is null and s.expires_at > i.at
            and not exists (select from payment.idempotency x where x.user_id = i.user_id and x.key = i.key)
          order by p.id
          for no key update of p, z) l;
    foreach item in array coalesce(ok_items, '{}') loop
        holds[item] := true;
    end loop;

    -- Movements without a payment: those of a teller rest on an approval, the bank's own on nothing but the key.
    if 4::smallint = any (p_kind) then
        select array_agg(l.ix) into ok_items
        from (select i.ix
              from unnest(p_kind, p_authorization_id, p_details_hash, p_session_id, p_user_id, p_key, p_at) with ordinality
                   as i (kind, authorization_id, details_hash, session_id, user_id, key, at, ix)
              join identity."authorization" z on z.id = i.authorization_id
              join identity.session s on s.id = i.session_id
              where i.kind = 4 and z.type = 'cash_movement' and z.subject_id is null
                and z.state = 'approved' and z.details_hash = i.details_hash and z.user_id = i.user_id and z.session_id = i.session_id and z.expires_at > i.at
                and s.revoked_at is null and s.expires_at > i.at
              order by z.id
              for no key update of z) l;
        foreach item in array coalesce(ok_items, '{}') loop
            holds[item] := true;
        end loop;
        for item in 1..n loop
            if p_kind[item] = 4 then
                if p_user_id[item] = 0 then
                    holds[item] := true;
                end if;
                if p_key[item] is not null and exists (select from payment.idempotency x where x.user_id = p_user_id[item] and x.key = p_key[item]) then
                    holds[item] := false;
                end if;
            end if;
        end loop;
    end if;

    -- Decide, in order.
    for item in 1..n loop
        k := p_kind[item];
        if k = 0 then
            verdict[item] := 'ok';
            continue;
        end if;
        continue when not holds[item];

        h := p_payer_ix[item];
        if h > 0 and h_version[h] <> p_payer_version[item] then
            verdict[item] := 'history_changed';
            continue;
        end if;
        if p_payee_ix[item] > 0 and h_version[p_payee_ix[item]] <> p_payee_version[item] then
            verdict[item] := 'history_changed';
            continue;
        end if;

        if k <> 3 then
            d := p_debit_ix[item];
            if a_state[d] <> 'open' or a_currency[d] <> p_currency[item] then
                verdict[item] := 'account_changed';
                continue;
            end if;
            if a_floor[d] is not null and a_balance[d] - a_reserved[d] - p_amount[item] < a_floor[d] then
                verdict[item] := 'insufficient_funds';
                continue;
            end if;
            a_touched[d] := true;
            if k = 2 then
                a_reserved[d] := a_reserved[d] + p_amount[item];
            else
                c := p_credit_ix[item];
                if a_state[c] = 'closed' or a_currency[c] <> p_currency[item] or c = d then
                    a_touched[d] := false;
                    verdict[item] := 'account_changed';
                    continue;
                end if;
                a_touched[c] := true;
                a_balance[d] := a_balance[d] - p_amount[item];
                a_balance[c] := a_balance[c] + p_amount[item];
                debit_after[item] := a_balance[d];
                credit_after[item] := a_balance[c];
                entry_id[item] := nextval('ledger.journal_entry_id_seq');
                posted[item] := true;
                any_posted := true;
            end if;
        end if;

        if h > 0 then
            h_version[h] := h_version[h] + 1;
            h_item[h] := item;
        end if;
        h := p_payee_ix[item];
        if h > 0 then
            h_version[h] := h_version[h] + 1;
            h_item[h] := item;
        end if;
        decided[item] := true;
        verdict[item] := 'ok';
    end loop;

    -- Write.
    if any_posted then
        insert into ledger.journal_entry (id, public_id, kind, booking_date, value_date, posted_at, payment_id, reference)
        overriding system value
        select i.id, i.public_id, i.kind, i.booking_date, i.booking_date, i.at, nullif(i.payment_id, 0), i.reference
        from unnest(posted, entry_id, p_entry_public_id, p_entry_kind, p_booking_date, p_at, p_payment_id, p_reference)
             as i (posted, id, public_id, kind, booking_date, at, payment_id, reference)
        where i.posted;

        insert into ledger.posting (public_id, entry_id, account_id, amount, currency, balance_after, booking_date, counterparty, category)
        select side.public_id, i.entry_id, p_account_ids[side.ix], side.amount, i.currency, side.balance_after, i.booking_date, side.counterparty, side.category
        from unnest(posted, entry_id, p_amount, p_currency, p_booking_date,
                    p_debit_public_id, p_debit_ix, debit_after, p_debit_counterparty, p_debit_category,
                    p_credit_public_id, p_credit_ix, credit_after, p_credit_counterparty, p_credit_category) with ordinality
             as i (posted, entry_id, amount, currency, booking_date, d_id, d_ix, d_after, d_counterparty, d_category, c_id, c_ix, c_after, c_counterparty, c_category, ix)
        cross join lateral (values (1, i.d_id, i.d_ix, -i.amount, i.d_after, i.d_counterparty, i.d_category),
                                   (2, i.c_id, i.c_ix, i.amount, i.c_after, i.c_counterparty, i.c_category))
             as side (ord, public_id, ix, amount, balance_after, counterparty, category)
        where i.posted
        order by i.ix, side.ord;
    end if;

    if true = any (a_touched) then
        update ledger.account a set balance = x.balance, reserved = x.reserved, version = a.version + 1
        from unnest(p_account_ids, a_balance, a_reserved, a_touched) as x (id, balance, reserved, touched)
        where a.id = x.id and x.touched;
    end if;

    if true = any (decided) then
        update payment.payment p
        set state = x.state, version = p.version + 1, failure_code = x.failure_code, updated_at = x.at,
            reasons = case when x.reasons is null then '{}' else string_to_array(x.reasons, E'\x1f') end,
            executed_at = case when x.state = 'executed' then x.at end
        from unnest(decided, p_payment_id, p_state, p_failure_code, p_reasons, p_at) as x (decided, id, state, failure_code, reasons, at)
        where p.id = x.id and x.decided;

        update identity."authorization" z set state = 'consumed', consumed_at = x.at
        from unnest(decided, p_authorization_id, p_at) as x (decided, id, at)
        where z.id = x.id and x.decided;

        update payment.payee y set payments_count = y.payments_count + x.times, last_paid_at = x.at
        from (select i.payee_id, count(*)::integer as times, max(i.at) as at
              from unnest(posted, p_payee_id, p_at) as i (posted, payee_id, at) where i.posted and i.payee_id > 0 group by i.payee_id) x
        where y.id = x.payee_id;

        if cardinality(p_entity_keys) > 0 then
            update fraud.entity_history e
            set version = x.version,
                history = case when x.kind = 1 then p_payer_history[x.item] else p_payee_history[x.item] end,
                spent_on = case when x.kind = 1 then p_spent_on[x.item] else e.spent_on end,
                spent_amount = case when x.kind = 1 then p_spent_amount[x.item] else e.spent_amount end
            from unnest(p_entity_kinds, p_entity_keys, h_version, h_item) as x (kind, entity_key, version, item)
            where e.kind = x.kind and e.entity_key = x.entity_key and x.item > 0;
        end if;

        insert into fraud.decision (payment_id, stage, outcome, score, model_version, features, reasons, decided_at)
        select i.payment_id, 'execute', i.decision, i.score, i.model_version,
               p_features[(i.ix - 1) * p_feature_count + 1 : i.ix * p_feature_count], i.reasons::jsonb, i.at
        from unnest(decided, p_payment_id, p_decision, p_score, p_model_version, p_decision_reasons, p_at) with ordinality
             as i (decided, payment_id, decision, score, model_version, reasons, at, ix)
        where i.decided and i.decision is not null;

        insert into payment.idempotency (user_id, key, request_hash, status, response, created_at)
        select i.user_id, i.key, i.request_hash, 200, i.response, i.at
        from unnest(decided, p_user_id, p_key, p_request_hash, p_response, p_at) as i (decided, user_id, key, request_hash, response, at)
        where i.decided and i.key is not null;
    end if;

    insert into audit.event (occurred_at, actor, action, subject, outcome, correlation, details, leaf_hash)
    select i.at, i.actor, i.action, i.subject, i.outcome, i.correlation, i.details, i.leaf
    from unnest(verdict, p_at, p_audit_actor, p_audit_action, p_audit_subject, p_audit_outcome, p_audit_correlation, p_audit_details, p_audit_leaf) with ordinality
         as i (verdict, at, actor, action, subject, outcome, correlation, details, leaf, ix)
    where i.verdict = 'ok' and i.actor is not null
    order by i.ix;

    if true = any (decided) then
        insert into event.outbox (public_id, type, subject, data, occurred_at, next_attempt_at)
        select i.id, i.type, i.subject, i.data::jsonb, i.at, i.at
        from unnest(decided, p_event_id, p_event_type, p_event_subject, p_event_data, p_at) with ordinality as i (decided, id, type, subject, data, at, ix)
        where i.decided and i.type is not null
        order by i.ix;
    end if;

    return verdict;
end $$;

-- Ends a held payment and gives its reservation back: the account first, then the payment, as posting does.
-- What was held counted towards the limit of its bank day and counts no more.
create function ledger.release_hold(p_payment_id bigint, p_version integer, p_state text, p_at timestamptz, p_held_on date) returns boolean
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
    held payment.payment;
begin
    if p_state not in ('cancelled', 'rejected', 'failed') then
        raise exception 'A hold does not end in state %.', p_state using errcode = 'check_violation';
    end if;
    perform from ledger.account where id = (select debtor_account_id from payment.payment where id = p_payment_id) for no key update;
    perform from fraud.entity_history
    where kind = 1 and entity_key = (select party_id::text from payment.payment where id = p_payment_id) for no key update;
    select * into held from payment.payment where id = p_payment_id and version = p_version and state = 'held' for no key update;
    if held.id is null then
        return false;
    end if;
    update ledger.account set reserved = reserved - held.amount, version = version + 1 where id = held.debtor_account_id;
    update fraud.entity_history set spent_amount = greatest(0, spent_amount - held.amount), version = version + 1
    where kind = 1 and entity_key = held.party_id::text and spent_on = p_held_on
      and not exists (select from ledger.account_holder h where h.account_id = held.creditor_account_id and h.party_id = held.party_id);
    update payment.payment set state = p_state, version = version + 1, updated_at = p_at where id = held.id;
    return true;
end $$;

-- The service's role: no DDL; ledger and audit rows are never changed, postings and balances are written by the functions above alone.
grant usage on schema identity, ledger, payment, fraud, audit, event to ${app_role};
grant select, insert, update on all tables in schema identity to ${app_role};
grant delete on identity.role, identity.user_role, identity.user_claim, identity.role_claim, identity.user_login, identity.user_token,
    identity.user_passkey, identity.delegation_grant, identity.delegated_token, identity.sign_in_ticket, identity.passkey_ceremony to ${app_role};
grant select on all tables in schema ledger to ${app_role};
grant insert (public_id, iban, name, type, currency, state, overdraft_limit, opened_at) on ledger.account to ${app_role};
grant update (name, state, closed_at) on ledger.account to ${app_role};
grant insert on ledger.account_holder to ${app_role};
grant usage on sequence ledger.account_number to ${app_role};
grant select, insert, update on payment.payee, payment.payment to ${app_role};
grant select, insert, delete on payment.idempotency to ${app_role};
grant select, insert on fraud.decision to ${app_role};
grant select on fraud.entity_history to ${app_role};
grant select, insert on audit.event, audit.seal to ${app_role};
grant select, insert, update, delete on event.outbox to ${app_role};
revoke all on all functions in schema ledger from public;
grant execute on all functions in schema ledger to ${app_role};
