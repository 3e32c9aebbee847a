-- What other systems are told, and what people are written.

create table webhook (
    tenant_id        bigint not null references tenant (id),
    id               uuid not null,
    url              text not null,
    -- A list; empty for every type.
    types            jsonb not null,
    engagement       boolean not null default false,
    state            text not null check (state in ('enabled', 'disabled')),
    disabled_reason  text check (disabled_reason in ('operator', 'gone')),
    secret           bytea not null,
    old_secret       bytea,
    old_secret_until timestamptz,
    -- The place in the ledger's chain up to which deliveries were made.
    position         bigint not null,
    -- The number of its newest delivery.
    last_n           bigint not null default 0,
    created_at       timestamptz not null,
    primary key (tenant_id, id),
    check ((old_secret is null) = (old_secret_until is null)),
    check ((state = 'disabled') = (disabled_reason is not null))
);

-- Identifiers and codes only: who a person is, is read when it is sent. What has one lane arrives
-- in the order of n.
create table delivery (
    tenant_id    bigint not null,
    webhook_id   uuid not null,
    n            bigint not null,
    message      text collate "C" not null,
    type         text collate "C" not null,
    lane         uuid not null,
    seq          bigint,
    member_id    uuid,
    pool_id      uuid,
    occurred_at  timestamptz not null,
    detail       jsonb not null,
    state        text not null check (state in ('pending', 'delivered', 'dead')),
    attempts     bigint not null default 0,
    next_at      timestamptz,
    leased_until timestamptz,
    status       bigint,
    error        text,
    attempted_at timestamptz,
    finished_at  timestamptz,
    primary key (tenant_id, webhook_id, n),
    check ((state = 'pending') = (next_at is not null)),
    check ((state = 'pending') = (finished_at is null)),
    foreign key (tenant_id, webhook_id) references webhook (tenant_id, id) on delete cascade
);
create index delivery_due on delivery (tenant_id, webhook_id, next_at, n) where state = 'pending';
create index delivery_lane on delivery (tenant_id, webhook_id, lane, n) where state = 'pending';
create index delivery_finished on delivery (finished_at) where finished_at is not null;

-- What the ledger does not say, kept only where a webhook asks for it, until it is made deliveries.
create table webhook_signal (
    tenant_id bigint not null references tenant (id),
    id        uuid not null,
    at        timestamptz not null,
    type      text collate "C" not null,
    member_id uuid,
    pool_id   uuid,
    detail    jsonb not null,
    primary key (tenant_id, id)
);
create index webhook_signal_in_order on webhook_signal (tenant_id, at, id);

create function assignment_tell_stage() returns trigger language plpgsql as $$
begin
    if exists (select 1 from webhook w where w.tenant_id = new.tenant_id and w.engagement
        and w.state = 'enabled' and (w.types = '[]' or w.types ? 'member.status_changed')) then
        insert into webhook_signal (tenant_id, id, at, type, member_id, detail)
            values (new.tenant_id, gen_random_uuid(), coalesce(new.stage_since, new.created_at), 'member.status_changed',
                    new.member_id, jsonb_build_object('from', old.stage, 'to', new.stage));
    end if;
    return null;
end $$;
create trigger assignment_stage_is_told after update of stage on assignment for each row
    when (old.stage <> new.stage) execute function assignment_tell_stage();

create table nudge (
    tenant_id     bigint not null,
    id            uuid not null,
    member_id     uuid not null,
    assignment_id uuid not null,
    stage         text not null,
    reason        text not null,
    message       text,
    actor         text not null,
    sent_at       timestamptz not null,
    outcome       text not null default 'open' check (outcome in ('open', 'converted', 'expired')),
    outcome_at    timestamptz,
    primary key (tenant_id, id),
    check ((outcome = 'open') = (outcome_at is null)),
    foreign key (tenant_id, member_id) references member (tenant_id, id) on delete cascade,
    foreign key (tenant_id, assignment_id) references assignment (tenant_id, id)
);
create index nudge_of_member on nudge (tenant_id, member_id, sent_at, id);
create index nudge_by_time on nudge (tenant_id, sent_at, id);
create index nudge_open on nudge (tenant_id, sent_at) where outcome = 'open';

create table invitation (
    tenant_id     bigint not null references tenant (id),
    id            uuid not null,
    email         text not null,
    email_key     text collate "C" not null,
    track         text,
    pool          text,
    starts_on     text,
    ends_on       text,
    duration_days bigint check (duration_days > 0),
    language      text,
    time_zone     text,
    message       text,
    send_at       timestamptz not null,
    state         text not null check (state in ('scheduled', 'sent', 'failed', 'cancelled')),
    result        text,
    member_id     uuid,
    actor         text not null,
    invited_at    timestamptz,
    resent_at     timestamptz,
    created_at    timestamptz not null,
    primary key (tenant_id, id),
    check (state <> 'sent' or (member_id is not null and invited_at is not null)),
    foreign key (tenant_id, member_id) references member (tenant_id, id) on delete cascade
);
create index invitation_of_email on invitation (tenant_id, email_key);
create index invitation_of_member on invitation (tenant_id, member_id) where member_id is not null;
create index invitation_due on invitation (send_at) where state = 'scheduled';
