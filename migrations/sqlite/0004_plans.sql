-- Changes to many people that are looked at before they happen, and what guards against those that
-- were not meant.

-- What kinds there are is the program's: none has to be migrated to.
create table plan (
    tenant_id    integer not null references tenant (id),
    id           blob not null,
    kind         text not null,
    state        text not null check (state in
                 ('pending', 'approved', 'applying', 'applied', 'rejected', 'expired')),
    asked        text not null,
    note         text,
    hash         text not null,
    seats        integer not null,
    approval     text not null,
    requested_by text not null,
    created_at   integer not null,
    expires_at   integer not null,
    decided_by   text,
    decided_at   integer,
    applied_by   text,
    applied_at   integer,
    finished_at  integer,
    primary key (tenant_id, id),
    check ((decided_by is null) = (decided_at is null)),
    check ((applied_by is null) = (applied_at is null)),
    check ((state in ('applying', 'applied')) = (applied_at is not null)),
    check ((state = 'applied') = (finished_at is not null))
) strict;
create index plan_open on plan (expires_at) where state in ('pending', 'approved', 'applying');

-- Identifiers and codes, no personal data. `body` is what the use case for one person is called with.
create table plan_item (
    tenant_id     integer not null,
    plan_id       blob not null,
    n             integer not null,
    member_id     blob not null,
    state         text not null check (state in
                  ('planned', 'applied', 'unchanged', 'stale', 'refused', 'excluded')),
    problem       text,
    fingerprint   text not null,
    body          text not null,
    before        text not null,
    after         text not null,
    seat_delta    integer not null,
    warnings      text not null,
    primary key (tenant_id, plan_id, n),
    unique (tenant_id, plan_id, member_id),
    check (state <> 'refused' or problem is not null),
    foreign key (tenant_id, plan_id) references plan (tenant_id, id) on delete cascade,
    foreign key (tenant_id, member_id) references member (tenant_id, id) on delete cascade
) strict, without rowid;
create index plan_item_state on plan_item (tenant_id, plan_id, state, n);
create index plan_item_of on plan_item (tenant_id, member_id);

-- Whom no plan touches: a person, the members of a group, or those on a track.
create table exclusion (
    tenant_id  integer not null references tenant (id),
    id         blob not null,
    member_id  blob,
    group_id   blob,
    track_id   blob,
    note       text,
    created_by text not null,
    created_at integer not null,
    primary key (tenant_id, id),
    check ((member_id is not null) + (group_id is not null) + (track_id is not null) = 1),
    foreign key (tenant_id, member_id) references member (tenant_id, id) on delete cascade,
    foreign key (tenant_id, group_id) references scim_group (tenant_id, id) on delete cascade,
    foreign key (tenant_id, track_id) references track (tenant_id, id)
) strict;
create unique index exclusion_of_member on exclusion (tenant_id, member_id) where member_id is not null;
create unique index exclusion_of_group on exclusion (tenant_id, group_id) where group_id is not null;
create unique index exclusion_of_track on exclusion (tenant_id, track_id) where track_id is not null;

-- Who lost access or a seat through a connection: a row for each person, the latest time. `was` is
-- what it takes to undo it. A held row's seat is frozen, and would have been free from `free_from` on.
create table removal (
    tenant_id     integer not null,
    connection_id blob not null,
    member_id     blob not null,
    at            integer not null,
    was           text not null,
    assignment_id blob,
    free_from     integer,
    primary key (tenant_id, connection_id, member_id),
    check ((assignment_id is null) = (free_from is null)),
    foreign key (tenant_id, connection_id) references connection (tenant_id, id),
    foreign key (tenant_id, member_id) references member (tenant_id, id) on delete cascade,
    foreign key (tenant_id, assignment_id) references assignment (tenant_id, id)
) strict, without rowid;
create index removal_at on removal (tenant_id, connection_id, at);
create index removal_of on removal (tenant_id, member_id);

-- A connection whose breaker has ever tripped. Without a row it is closed.
create table breaker (
    tenant_id     integer not null,
    connection_id blob not null,
    state         text not null check (state in ('tripped', 'releasing', 'restoring', 'closed')),
    tripped_at    integer not null,
    -- Removals since this instant are among those that it tripped over.
    since         integer not null,
    removals      integer not null,
    threshold     integer not null,
    decided_by    text,
    decided_at    integer,
    primary key (tenant_id, connection_id),
    check ((state = 'tripped') = (decided_at is null)),
    check ((decided_by is null) = (decided_at is null)),
    foreign key (tenant_id, connection_id) references connection (tenant_id, id)
) strict;

insert into sqlite_stat1 (tbl, idx, stat) values
    ('plan', 'sqlite_autoindex_plan_1', '1000 1000 1'),
    ('plan', 'plan_open', '20 2'),
    ('plan_item', 'plan_item', '100000 100000 500 1'),
    ('plan_item', 'sqlite_autoindex_plan_item_2', '100000 100000 500 1'),
    ('plan_item', 'plan_item_state', '100000 100000 500 100 1'),
    ('plan_item', 'plan_item_of', '100000 100000 2'),
    ('removal', 'removal', '10000 10000 5000 1'),
    ('removal', 'removal_at', '10000 10000 5000 1'),
    ('removal', 'removal_of', '10000 10000 1');
analyze sqlite_schema;
