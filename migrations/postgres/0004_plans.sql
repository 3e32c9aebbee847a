-- Changes to many people that are looked at before they happen, and what guards against those that
-- were not meant.

-- What kinds there are is the program's: none has to be migrated to.
create table plan (
    tenant_id    bigint not null references tenant (id),
    id           uuid not null,
    kind         text collate "C" not null,
    state        text collate "C" not null check (state in
                 ('pending', 'approved', 'applying', 'applied', 'rejected', 'expired')),
    asked        jsonb not null,
    note         text,
    hash         text collate "C" not null,
    seats        bigint not null,
    approval     jsonb not null,
    requested_by text collate "C" not null,
    created_at   timestamptz not null,
    expires_at   timestamptz not null,
    decided_by   text collate "C",
    decided_at   timestamptz,
    applied_by   text collate "C",
    applied_at   timestamptz,
    finished_at  timestamptz,
    primary key (tenant_id, id),
    check ((decided_by is null) = (decided_at is null)),
    check ((applied_by is null) = (applied_at is null)),
    check ((state in ('applying', 'applied')) = (applied_at is not null)),
    check ((state = 'applied') = (finished_at is not null))
);
create index plan_open on plan (expires_at) where state in ('pending', 'approved', 'applying');

-- Identifiers and codes, no personal data. `body` is what the use case for one person is called with.
create table plan_item (
    tenant_id     bigint not null,
    plan_id       uuid not null,
    n             bigint not null,
    member_id     uuid not null,
    state         text collate "C" not null check (state in
                  ('planned', 'applied', 'unchanged', 'stale', 'refused', 'excluded')),
    problem       text collate "C",
    fingerprint   text collate "C" not null,
    body          jsonb not null,
    before        jsonb not null,
    after         jsonb not null,
    seat_delta    bigint not null,
    warnings      jsonb not null,
    primary key (tenant_id, plan_id, n),
    unique (tenant_id, plan_id, member_id),
    check (state <> 'refused' or problem is not null),
    foreign key (tenant_id, plan_id) references plan (tenant_id, id) on delete cascade,
    foreign key (tenant_id, member_id) references member (tenant_id, id) on delete cascade
);
create index plan_item_state on plan_item (tenant_id, plan_id, state, n);
create index plan_item_of on plan_item (tenant_id, member_id);

-- Whom no plan touches: a person, the members of a group, or those on a track.
create table exclusion (
    tenant_id  bigint not null references tenant (id),
    id         uuid not null,
    member_id  uuid,
    group_id   uuid,
    track_id   uuid,
    note       text,
    created_by text collate "C" not null,
    created_at timestamptz not null,
    primary key (tenant_id, id),
    check (num_nonnulls(member_id, group_id, track_id) = 1),
    foreign key (tenant_id, member_id) references member (tenant_id, id) on delete cascade,
    foreign key (tenant_id, group_id) references scim_group (tenant_id, id) on delete cascade,
    foreign key (tenant_id, track_id) references track (tenant_id, id)
);
create unique index exclusion_of_member on exclusion (tenant_id, member_id) where member_id is not null;
create unique index exclusion_of_group on exclusion (tenant_id, group_id) where group_id is not null;
create unique index exclusion_of_track on exclusion (tenant_id, track_id) where track_id is not null;

-- Who lost access or a seat through a connection: a row for each person, the latest time. `was` is
-- what it takes to undo it. A held row's seat is frozen, and would have been free from `free_from` on.
create table removal (
    tenant_id     bigint not null,
    connection_id uuid not null,
    member_id     uuid not null,
    at            timestamptz not null,
    was           jsonb not null,
    assignment_id uuid,
    free_from     timestamptz,
    primary key (tenant_id, connection_id, member_id),
    check ((assignment_id is null) = (free_from is null)),
    foreign key (tenant_id, connection_id) references connection (tenant_id, id),
    foreign key (tenant_id, member_id) references member (tenant_id, id) on delete cascade,
    foreign key (tenant_id, assignment_id) references assignment (tenant_id, id)
);
create index removal_at on removal (tenant_id, connection_id, at);
create index removal_of on removal (tenant_id, member_id);

-- A connection whose breaker has ever tripped. Without a row it is closed.
create table breaker (
    tenant_id     bigint not null,
    connection_id uuid not null,
    state         text collate "C" not null check (state in ('tripped', 'releasing', 'restoring', 'closed')),
    tripped_at    timestamptz not null,
    -- Removals since this instant are among those that it tripped over.
    since         timestamptz not null,
    removals      bigint not null,
    threshold     bigint not null,
    decided_by    text collate "C",
    decided_at    timestamptz,
    primary key (tenant_id, connection_id),
    check ((state = 'tripped') = (decided_at is null)),
    check ((decided_by is null) = (decided_at is null)),
    foreign key (tenant_id, connection_id) references connection (tenant_id, id)
);
