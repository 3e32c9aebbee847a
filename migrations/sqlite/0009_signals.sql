-- What time and figures tell webhooks: how far each kind of it was looked for, and what was told,
-- so that each cause is told once, whoever looks and whatever dies in between.

-- A kind that some webhook of a tenant asks for. All up to `seen_to` was looked at; `swept_at` is
-- when everything was, whatever it was moved to meanwhile; `position` is the place in the ledger's
-- chain at which figures were last taken.
create table signal_watch (
    tenant_id integer not null references tenant (id),
    type      text not null,
    seen_to   integer not null,
    swept_at  integer not null,
    position  integer not null default 0,
    primary key (tenant_id, type)
) strict, without rowid;

-- Whom webhooks take for stalled; `changed` asks for a look at whether they still are.
create table stall_told (
    tenant_id     integer not null,
    assignment_id blob not null,
    member_id     blob not null,
    changed       integer not null default 0,
    primary key (tenant_id, assignment_id),
    foreign key (tenant_id, assignment_id) references assignment (tenant_id, id) on delete cascade
) strict, without rowid;
create index stall_told_changed on stall_told (tenant_id) where changed;

create trigger assignment_may_stall_no_more after update of stalls_at, state on assignment
    when old.stalls_at is not new.stalls_at or old.state <> new.state
begin
    update stall_told set changed = 1 where tenant_id = new.tenant_id and assignment_id = new.id;
end;

-- The end of access that was last announced, and how many days before it.
create table expiry_told (
    tenant_id     integer not null,
    assignment_id blob not null,
    ends_at       integer not null,
    days          integer not null,
    primary key (tenant_id, assignment_id),
    foreign key (tenant_id, assignment_id) references assignment (tenant_id, id) on delete cascade
) strict, without rowid;
create index expiry_told_over on expiry_told (tenant_id, ends_at);

-- What was last told of anything else: a pool's level, a token's end, a connection's last request,
-- a week.
create table signal_told (
    tenant_id integer not null references tenant (id),
    type      text not null,
    subject   text not null,
    cause     text not null,
    primary key (tenant_id, type, subject)
) strict, without rowid;

insert into sqlite_stat1 (tbl, idx, stat) values
    ('signal_watch', 'signal_watch', '500 5 1'),
    ('stall_told', 'stall_told', '20000 20000 1'),
    ('stall_told', 'stall_told_changed', '50 50'),
    ('expiry_told', 'expiry_told', '10000 10000 1'),
    ('expiry_told', 'expiry_told_over', '10000 10000 100 1'),
    ('signal_told', 'signal_told', '1000 100 20 1');
analyze sqlite_schema;
