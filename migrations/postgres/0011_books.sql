-- Requests that carry a key, so that one which is sent again is done once. The body of an answer
-- names people: it is kept for a day, and goes when somebody is erased.
create table idempotent_request (
    tenant_id    bigint not null references tenant (id),
    -- The credential's public part.
    token        text not null,
    key          text not null,
    -- A hash of what was asked for.
    fingerprint  bytea not null,
    -- Whoever carries it out; what another does under the same key is undone.
    claim        uuid not null,
    claimed_at   timestamptz not null,
    -- Said by each transaction of the request in itself.
    took_effect  boolean not null default false,
    status       bigint,
    content_type text,
    location     text,
    body         bytea,
    primary key (tenant_id, token, key),
    check ((status is null) = (body is null))
);
create index idempotent_request_by_time on idempotent_request (claimed_at);

create function idempotent_request_forget() returns trigger language plpgsql as $$
begin
    update idempotent_request set status = null, content_type = null, location = null, body = null
        where tenant_id = new.tenant_id and body is not null;
    return null;
end $$;
create trigger idempotent_request_names_nobody_erased after update of identity_state on member
    for each row when (new.identity_state = 'erased') execute function idempotent_request_forget();
