-- Requests that carry a key, so that one which is sent again is done once. The body of an answer
-- names people: it is kept for a day, and goes when somebody is erased.
create table idempotent_request (
    tenant_id    integer not null references tenant (id),
    -- The credential's public part.
    token        text not null,
    key          text not null,
    -- A hash of what was asked for.
    fingerprint  blob not null,
    -- Whoever carries it out; what another does under the same key is undone.
    claim        blob not null,
    claimed_at   integer not null,
    -- Said by each transaction of the request in itself.
    took_effect  integer not null default 0 check (took_effect in (0, 1)),
    status       integer,
    content_type text,
    location     text,
    body         blob,
    primary key (tenant_id, token, key),
    check ((status is null) = (body is null))
) strict;
create index idempotent_request_by_time on idempotent_request (claimed_at);

create trigger idempotent_request_names_nobody_erased after update of identity_state on member
when new.identity_state = 'erased' begin
    update idempotent_request set status = null, content_type = null, location = null, body = null
        where tenant_id = new.tenant_id and body is not null;
end;
