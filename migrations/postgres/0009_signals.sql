-- What time and figures tell webhooks: how far each kind of it was looked for, and what was told,
-- so that each cause is told once, whoever looks and whatever dies in between.

-- A kind that some webhook of a tenant asks for. All up to `seen_to` was looked at; `swept_at` is
-- when everything was, whatever it was moved to meanwhile; `position` is the place in the ledger's
-- chain at which figures were last taken.
create table signal_watch (
    tenant_id bigint not null references tenant (id),
    type      text collate "C" not null,
    seen_to   timestamptz not null,
    swept_at  timestamptz not null,
    position  bigint not null default 0,
    primary key (tenant_id, type)
);

-- Whom webhooks take for stalled; `changed` asks for a look at whether they still are.
create table stall_told (
    tenant_id     bigint not null,
    assignment_id uuid not null,
    member_id     uuid not null,
    changed       boolean not null default false,
    primary key (tenant_id, assignment_id),
    foreign key (tenant_id, assignment_id) references assignment (tenant_id, id) on delete cascade
);
create index stall_told_changed on stall_told (tenant_id) where changed;

create function assignment_look_at_stall() returns trigger language plpgsql as $$
begin
    update stall_told set changed = true where tenant_id = new.tenant_id and assignment_id = new.id;
    return null;
end $$;
create trigger assignment_may_stall_no_more after update of stalls_at, state on assignment for each row
    when (old.stalls_at is distinct from new.stalls_at or old.state <> new.state)
    execute function assignment_look_at_stall();

-- The end of access that was last announced, and how many days before it.
create table expiry_told (
    tenant_id     bigint not null,
    assignment_id uuid not null,
    ends_at       timestamptz not null,
    days          bigint not null,
    primary key (tenant_id, assignment_id),
    foreign key (tenant_id, assignment_id) references assignment (tenant_id, id) on delete cascade
);
create index expiry_told_over on expiry_told (tenant_id, ends_at);

-- What was last told of anything else: a pool's level, a token's end, a connection's last request,
-- a week.
create table signal_told (
    tenant_id bigint not null references tenant (id),
    type      text collate "C" not null,
    subject   text collate "C" not null,
    cause     text collate "C" not null,
    primary key (tenant_id, type, subject)
);
