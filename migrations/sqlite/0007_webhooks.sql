-- What other systems are told, and what people are written.

create table webhook (
    tenant_id        integer not null references tenant (id),
    id               blob not null,
    url              text not null,
    -- A list; empty for every type.
    types            text not null,
    engagement       integer not null default 0,
    state            text not null check (state in ('enabled', 'disabled')),
    disabled_reason  text check (disabled_reason in ('operator', 'gone')),
    secret           blob not null,
    old_secret       blob,
    old_secret_until integer,
    -- The place in the ledger's chain up to which deliveries were made.
    position         integer not null,
    -- The number of its newest delivery.
    last_n           integer not null default 0,
    created_at       integer not null,
    primary key (tenant_id, id),
    check ((old_secret is null) = (old_secret_until is null)),
    check ((state = 'disabled') = (disabled_reason is not null))
) strict;

-- Identifiers and codes only: who a person is, is read when it is sent. What has one lane arrives
-- in the order of n.
create table delivery (
    tenant_id    integer not null,
    webhook_id   blob not null,
    n            integer not null,
    message      text not null,
    type         text not null,
    lane         blob not null,
    seq          integer,
    member_id    blob,
    pool_id      blob,
    occurred_at  integer not null,
    detail       text not null,
    state        text not null check (state in ('pending', 'delivered', 'dead')),
    attempts     integer not null default 0,
    next_at      integer,
    leased_until integer,
    status       integer,
    error        text,
    attempted_at integer,
    finished_at  integer,
    primary key (tenant_id, webhook_id, n),
    check ((state = 'pending') = (next_at is not null)),
    check ((state = 'pending') = (finished_at is null)),
    foreign key (tenant_id, webhook_id) references webhook (tenant_id, id) on delete cascade
) strict, without rowid;
create index delivery_due on delivery (tenant_id, webhook_id, next_at, n) where state = 'pending';
create index delivery_lane on delivery (tenant_id, webhook_id, lane, n) where state = 'pending';
create index delivery_finished on delivery (finished_at) where finished_at is not null;

-- What the ledger does not say, kept only where a webhook asks for it, until it is made deliveries.
create table webhook_signal (
    tenant_id integer not null references tenant (id),
    id        blob not null,
    at        integer not null,
    type      text not null,
    member_id blob,
    pool_id   blob,
    detail    text not null,
    primary key (tenant_id, id)
) strict;
create index webhook_signal_in_order on webhook_signal (tenant_id, at, id);

create trigger assignment_stage_is_told after update of stage on assignment
    when old.stage <> new.stage and exists (select 1 from webhook w where w.tenant_id = new.tenant_id
        and w.engagement and w.state = 'enabled' and (w.types = '[]' or w.types like '%"member.status_changed"%'))
begin
    insert into webhook_signal (tenant_id, id, at, type, member_id, detail)
        values (new.tenant_id, randomblob(16), coalesce(new.stage_since, new.created_at), 'member.status_changed', new.member_id,
                json_object('from', old.stage, 'to', new.stage));
end;

create table nudge (
    tenant_id     integer not null,
    id            blob not null,
    member_id     blob not null,
    assignment_id blob not null,
    stage         text not null,
    reason        text not null,
    message       text,
    actor         text not null,
    sent_at       integer not null,
    outcome       text not null default 'open' check (outcome in ('open', 'converted', 'expired')),
    outcome_at    integer,
    primary key (tenant_id, id),
    check ((outcome = 'open') = (outcome_at is null)),
    foreign key (tenant_id, member_id) references member (tenant_id, id) on delete cascade,
    foreign key (tenant_id, assignment_id) references assignment (tenant_id, id)
) strict;
create index nudge_of_member on nudge (tenant_id, member_id, sent_at, id);
create index nudge_by_time on nudge (tenant_id, sent_at, id);
create index nudge_open on nudge (tenant_id, sent_at) where outcome = 'open';

create table invitation (
    tenant_id     integer not null references tenant (id),
    id            blob not null,
    email         text not null,
    email_key     text not null,
    track         text,
    pool          text,
    starts_on     text,
    ends_on       text,
    duration_days integer check (duration_days > 0),
    language      text,
    time_zone     text,
    message       text,
    send_at       integer not null,
    state         text not null check (state in ('scheduled', 'sent', 'failed', 'cancelled')),
    result        text,
    member_id     blob,
    actor         text not null,
    invited_at    integer,
    resent_at     integer,
    created_at    integer not null,
    primary key (tenant_id, id),
    check (state <> 'sent' or (member_id is not null and invited_at is not null)),
    foreign key (tenant_id, member_id) references member (tenant_id, id) on delete cascade
) strict;
create index invitation_of_email on invitation (tenant_id, email_key);
create index invitation_of_member on invitation (tenant_id, member_id) where member_id is not null;
create index invitation_due on invitation (send_at) where state = 'scheduled';

insert into sqlite_stat1 (tbl, idx, stat) values
    ('webhook', 'sqlite_autoindex_webhook_1', '100 2 1'),
    ('delivery', 'delivery', '500000 500000 100000 1'),
    ('delivery', 'delivery_due', '5000 5000 2500 2 1'),
    ('delivery', 'delivery_lane', '5000 5000 2500 2 1'),
    ('delivery', 'delivery_finished', '500000 2'),
    ('webhook_signal', 'sqlite_autoindex_webhook_signal_1', '1000 1000 1'),
    ('webhook_signal', 'webhook_signal_in_order', '1000 1000 2 1'),
    ('nudge', 'sqlite_autoindex_nudge_1', '50000 50000 1'),
    ('nudge', 'nudge_of_member', '50000 50000 3 1 1'),
    ('nudge', 'nudge_by_time', '50000 50000 2 1'),
    ('nudge', 'nudge_open', '2000 2000 2'),
    ('invitation', 'sqlite_autoindex_invitation_1', '50000 50000 1'),
    ('invitation', 'invitation_of_email', '50000 50000 2'),
    ('invitation', 'invitation_of_member', '50000 50000 2'),
    ('invitation', 'invitation_due', '1000 2');
analyze sqlite_schema;
