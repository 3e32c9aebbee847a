-- Instants are milliseconds since 1970, UTC; identifiers are the 16 bytes of a UUID; documents are JSON text.
-- Every table but the server's own begins with tenant_id, in its primary key and in its foreign
-- keys: a row of one tenant cannot point at another's, and the same keys shard a distributed engine.
-- Text sorts by bytes here; the PostgreSQL schema says so with collation "C".

create table tenant (
    id             integer primary key,
    name           text not null unique,
    time_zone      text not null,
    policy         text not null,
    catalog_version integer not null default 1,
    -- The catalog's version at the newest run: whoever was placed by an older one is late for it.
    run_version    integer not null default 0,
    created_at     integer not null
) strict;

create table connection (
    tenant_id     integer not null references tenant (id),
    id            blob not null,
    name          text not null,
    created_at    integer not null,
    last_seen_at  integer,
    last_error    text,
    last_error_at integer,
    primary key (tenant_id, id),
    unique (tenant_id, name)
) strict;

-- Looked up before the tenant is known, so its key is the identifier inside the credential.
create table token (
    id            text primary key,
    tenant_id     integer not null,
    connection_id blob,
    role          text not null check (role in
                  ('scim', 'viewer', 'program_admin', 'license_admin', 'approver', 'auditor', 'owner')),
    secret_hash   blob not null,
    created_at    integer not null,
    expires_at    integer not null,
    revoked_at    integer,
    last_used_at  integer,
    check ((role = 'scim') = (connection_id is not null)),
    foreign key (tenant_id) references tenant (id),
    foreign key (tenant_id, connection_id) references connection (tenant_id, id)
) strict;
create index token_of_tenant on token (tenant_id, created_at);

create table product (
    tenant_id integer not null references tenant (id),
    id        blob not null,
    key       text not null,
    name      text not null,
    primary key (tenant_id, id),
    unique (tenant_id, key)
) strict;

create table pool (
    tenant_id             integer not null,
    id                    blob not null,
    product_id            blob not null,
    key                   text not null,
    subscription_type     text not null,
    term_start            integer not null,
    term_end              integer not null,
    full_policy           text not null check (full_policy in ('waitlist', 'reject', 'overage')),
    overage_limit         integer not null default 0 check (overage_limit >= 0),
    reuse_policy          text not null check (reuse_policy in ('reusable', 'until_started', 'consumable')),
    cooldown_days         integer not null default 0 check (cooldown_days >= 0),
    default_duration_days integer check (default_duration_days > 0),
    fallback_pool_id      blob,
    state                 text not null default 'live' check (state in ('draft', 'live', 'closed')),
    created_at            integer not null,
    primary key (tenant_id, id),
    unique (tenant_id, key),
    check (term_start < term_end),
    foreign key (tenant_id, product_id) references product (tenant_id, id),
    foreign key (tenant_id, fallback_pool_id) references pool (tenant_id, id)
) strict;

-- A purchased seat is a row and its state is its account. An overage seat lives only while held.
create table seat (
    tenant_id      integer not null,
    pool_id        blob not null,
    n              integer not null,
    state          text not null check (state in
                   ('available', 'reserved', 'scheduled', 'occupied', 'grace', 'burned')),
    overage        integer not null default 0,
    available_from integer,
    primary key (tenant_id, pool_id, n),
    check (not overage or state in ('scheduled', 'occupied', 'grace')),
    check (available_from is null or state = 'available'),
    foreign key (tenant_id, pool_id) references pool (tenant_id, id)
) strict, without rowid;
create index seat_free on seat (tenant_id, pool_id, n) where state = 'available';
create index seat_account on seat (tenant_id, pool_id, state, overage);
create index seat_cooling on seat (available_from) where available_from is not null;
create index seat_cooling_of on seat (tenant_id, pool_id, available_from) where available_from is not null;

create table track (
    tenant_id     integer not null,
    id            blob not null,
    product_id    blob not null,
    key           text not null,
    name          text not null,
    duration_days integer check (duration_days > 0),
    is_default    integer not null default 0,
    state         text not null default 'live' check (state in ('live', 'retired')),
    created_at    integer not null,
    primary key (tenant_id, id),
    unique (tenant_id, key),
    foreign key (tenant_id, product_id) references product (tenant_id, id)
) strict;
create unique index track_one_default on track (tenant_id) where is_default;

-- A person. While an identity provider knows them, scim_id and the SCIM resource are theirs too;
-- after DELETE the row stays, so that history does, and a rehire finds it again.
create table member (
    tenant_id      integer not null,
    id             blob not null,
    scim_id        blob,
    identity_state text not null check (identity_state in ('active', 'inactive', 'deleted', 'erased')),
    managed_by     text not null check (managed_by in ('scim', 'admin', 'import', 'domain')),
    connection_id  blob,
    user_name      text not null,
    user_name_key  text not null,
    external_id    text,
    worker_id      text,
    name_key       text not null,
    doc            text not null,
    search         text not null,
    version        integer not null,
    created_at     integer not null,
    last_modified  integer not null,
    deactivated_at integer,
    assignment_id  blob,
    seat_reason    text,
    seat_state     text not null check (seat_state in
                   ('none', 'scheduled', 'waitlisted', 'assigned', 'grace', 'ended')),
    track_id       blob,
    pool_id        blob,
    access_ends_at integer,
    -- The catalog's version by which they were placed when they were made; null once a run has looked.
    placed_by      integer,
    primary key (tenant_id, id),
    check ((seat_state = 'none') = (assignment_id is null)),
    check ((scim_id is not null) or identity_state in ('deleted', 'erased') or managed_by <> 'scim'),
    foreign key (tenant_id) references tenant (id),
    foreign key (tenant_id, connection_id) references connection (tenant_id, id),
    foreign key (tenant_id, track_id) references track (tenant_id, id),
    foreign key (tenant_id, pool_id) references pool (tenant_id, id)
) strict;
create unique index member_scim_id on member (tenant_id, scim_id);
create unique index member_user_name on member (tenant_id, user_name_key)
    where identity_state in ('active', 'inactive');
create unique index member_worker_id on member (tenant_id, worker_id) where identity_state = 'active';
create index member_any_worker_id on member (tenant_id, worker_id) where worker_id is not null;
create index member_external_id on member (tenant_id, external_id) where external_id is not null;
create index member_name on member (tenant_id, name_key, id);
create index member_ends on member (tenant_id, access_ends_at, id);
create index member_seat on member (tenant_id, seat_state, name_key, id);
create index member_placed_by on member (tenant_id, placed_by) where placed_by is not null;
create index member_modified on member (tenant_id, last_modified, id);

-- What filters ask of the search document, in the words of the filters.
create index member_display on member (tenant_id, json_extract(search, '$."displayName"'), id);
create index member_active on member (tenant_id, json_extract(search, '$."active"'), id);
create index member_department on member (tenant_id, json_extract(search,
    '$."urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"."department"'), id);

create table member_email (
    tenant_id integer not null,
    email_key text not null,
    member_id blob not null,
    primary key (tenant_id, email_key, member_id),
    foreign key (tenant_id, member_id) references member (tenant_id, id) on delete cascade
) strict, without rowid;
create index member_email_of on member_email (tenant_id, member_id);

-- The addresses of a person's resource, in the form in which filters compare them.
create trigger member_email_is_kept after insert on member begin
    insert into member_email
        select distinct new.tenant_id, value ->> '$.value', new.id
        from json_each(new.search, '$.emails') where value ->> '$.value' is not null;
end;
create trigger member_email_follows after update of search on member
when (old.search -> '$.emails') is not (new.search -> '$.emails') begin
    delete from member_email where tenant_id = new.tenant_id and member_id = new.id;
    insert into member_email
        select distinct new.tenant_id, value ->> '$.value', new.id
        from json_each(new.search, '$.emails') where value ->> '$.value' is not null;
end;

create table scim_group (
    tenant_id     integer not null,
    id            blob not null,
    display_name  text not null,
    display_key   text not null,
    external_id   text,
    doc           text not null,
    search        text not null,
    member_count  integer not null default 0 check (member_count >= 0),
    version       integer not null,
    created_at    integer not null,
    last_modified integer not null,
    primary key (tenant_id, id),
    foreign key (tenant_id) references tenant (id)
) strict;
create index group_display on scim_group (tenant_id, display_key, id);
create index group_external_id on scim_group (tenant_id, external_id) where external_id is not null;
create index group_modified on scim_group (tenant_id, last_modified, id);

create table group_user (
    tenant_id integer not null,
    group_id  blob not null,
    member_id blob not null,
    primary key (tenant_id, group_id, member_id),
    foreign key (tenant_id, group_id) references scim_group (tenant_id, id) on delete cascade,
    foreign key (tenant_id, member_id) references member (tenant_id, id) on delete cascade
) strict, without rowid;
create index group_user_of on group_user (tenant_id, member_id, group_id);

create table group_group (
    tenant_id integer not null,
    group_id  blob not null,
    child_id  blob not null,
    primary key (tenant_id, group_id, child_id),
    check (group_id <> child_id),
    foreign key (tenant_id, group_id) references scim_group (tenant_id, id) on delete cascade,
    foreign key (tenant_id, child_id) references scim_group (tenant_id, id) on delete cascade
) strict, without rowid;
create index group_group_of on group_group (tenant_id, child_id, group_id);

create table mapping_rule (
    tenant_id     integer not null,
    id            blob not null,
    priority      integer not null,
    group_name    text,
    group_key     text,
    filter        text,
    track_id      blob not null,
    pool_id       blob,
    duration_days integer check (duration_days > 0),
    on_unmatch    text not null default 'grace' check (on_unmatch in ('keep', 'grace', 'end')),
    enabled       integer not null default 1,
    created_at    integer not null,
    primary key (tenant_id, id),
    check ((group_name is null) <> (filter is null)),
    check ((group_name is null) = (group_key is null)),
    foreign key (tenant_id, track_id) references track (tenant_id, id),
    foreign key (tenant_id, pool_id) references pool (tenant_id, id)
) strict;

-- The groups a rule by name has met. It keeps them when they are renamed.
create table rule_group (
    tenant_id integer not null,
    rule_id   blob not null,
    group_id  blob not null,
    primary key (tenant_id, rule_id, group_id),
    foreign key (tenant_id, rule_id) references mapping_rule (tenant_id, id) on delete cascade,
    foreign key (tenant_id, group_id) references scim_group (tenant_id, id) on delete cascade
) strict, without rowid;
create index rule_group_of on rule_group (tenant_id, group_id);

-- One stretch of access. A person's episodes are their assignments, oldest first.
create table assignment (
    tenant_id       integer not null,
    id              blob not null,
    member_id       blob not null,
    product_id      blob not null,
    track_id        blob not null,
    pool_id         blob not null,
    episode         integer not null check (episode > 0),
    state           text not null check (state in ('scheduled', 'waitlisted', 'assigned', 'grace', 'ended')),
    seat_n          integer,
    waiting_pool_id blob,
    waiting_since   integer,
    priority_class  integer not null default 100,
    starts_at       integer not null,
    ends_at         integer not null,
    end_source      text not null check (end_source in ('idp', 'hr', 'admin', 'rule', 'pool')),
    held            integer not null default 0,
    grace_until     integer,
    ended_at        integer,
    end_reason      text,
    end_note        text,
    rule_id         blob,
    extended_until  integer,
    extended_over   text,
    inputs          text not null,
    due_at          integer,
    created_at      integer not null,
    primary key (tenant_id, id),
    check ((seat_n is not null) = (state in ('scheduled', 'assigned', 'grace'))),
    check (state <> 'waitlisted' or waiting_pool_id is not null),
    check ((waiting_pool_id is null) = (waiting_since is null)),
    check (waiting_pool_id is null or state in ('waitlisted', 'assigned')),
    check ((state = 'grace') = (grace_until is not null)),
    check ((state = 'ended') = (ended_at is not null)),
    check ((state = 'ended') = (due_at is null)),
    check ((state in ('grace', 'ended')) = (end_reason is not null)),
    check (starts_at < ends_at),
    foreign key (tenant_id, member_id) references member (tenant_id, id),
    foreign key (tenant_id, product_id) references product (tenant_id, id),
    foreign key (tenant_id, track_id) references track (tenant_id, id),
    foreign key (tenant_id, pool_id) references pool (tenant_id, id),
    foreign key (tenant_id, pool_id, seat_n) references seat (tenant_id, pool_id, n)
) strict;
create unique index assignment_one_open on assignment (tenant_id, member_id, product_id) where state <> 'ended';
create unique index assignment_one_a_seat on assignment (tenant_id, pool_id, seat_n) where seat_n is not null;
create index assignment_of on assignment (tenant_id, member_id, episode);
create index assignment_due on assignment (due_at) where due_at is not null;
create index assignment_waiting on assignment (tenant_id, waiting_pool_id, priority_class, waiting_since, id)
    where waiting_pool_id is not null;

-- Somebody in line stands in the line of every pool that would do for them, and leaves all of them
-- at once. The pool that they are said to wait for is the assignment's own.
create table waiting (
    tenant_id      integer not null,
    assignment_id  blob not null,
    pool_id        blob not null,
    priority_class integer not null,
    since          integer not null,
    ends_at        integer not null,
    primary key (tenant_id, assignment_id, pool_id),
    foreign key (tenant_id, assignment_id) references assignment (tenant_id, id) on delete cascade,
    foreign key (tenant_id, pool_id) references pool (tenant_id, id)
) strict, without rowid;
create index waiting_in_line on waiting (tenant_id, pool_id, priority_class, since, assignment_id);

create trigger assignment_waits_no_more after update of waiting_pool_id on assignment
    when old.waiting_pool_id is not null and new.waiting_pool_id is null
begin
    delete from waiting where tenant_id = new.tenant_id and assignment_id = new.id;
end;

-- Append-only, and free of personal data: erasing a person leaves it true.
create table ledger (
    tenant_id     integer not null,
    id            blob not null,
    at            integer not null,
    actor         text not null,
    cause         text not null,
    action        text not null,
    member_id     blob,
    assignment_id blob,
    pool_id       blob,
    from_account  text,
    to_account    text,
    quantity      integer not null default 0 check (quantity >= 0),
    detail        text not null,
    primary key (tenant_id, id),
    check ((quantity > 0) = (pool_id is not null and from_account is not null and to_account is not null)),
    check (from_account is null or from_account <> to_account)
) strict;
create index ledger_of_member on ledger (tenant_id, member_id, id);
create index ledger_of_pool on ledger (tenant_id, pool_id) where quantity > 0;

create table ledger_unsealed (
    tenant_id integer not null,
    ledger_id blob not null,
    primary key (tenant_id, ledger_id)
) strict, without rowid;

-- The order of the ledger and its chain of hashes, written behind.
create table ledger_seal (
    tenant_id integer not null,
    seq       integer not null,
    ledger_id blob not null,
    hash      blob not null,
    primary key (tenant_id, seq),
    unique (tenant_id, ledger_id),
    foreign key (tenant_id, ledger_id) references ledger (tenant_id, id)
) strict;

create trigger ledger_is_queued after insert on ledger begin
    insert into ledger_unsealed values (new.tenant_id, new.id);
end;
create trigger ledger_refuses_update before update on ledger begin
    select raise(abort, 'the ledger is append-only');
end;
create trigger ledger_refuses_delete before delete on ledger begin
    select raise(abort, 'the ledger is append-only');
end;
create trigger ledger_seal_refuses_update before update on ledger_seal begin
    select raise(abort, 'the ledger is append-only');
end;
create trigger ledger_seal_refuses_delete before delete on ledger_seal begin
    select raise(abort, 'the ledger is append-only');
end;

-- A change of rules, tracks or pools re-places people in batches; this is how far it came.
create table placement_run (
    tenant_id   integer not null references tenant (id),
    id          blob not null,
    reason      text not null,
    total       integer not null,
    done        integer not null default 0,
    changed     integer not null default 0,
    after_id    blob,
    created_at  integer not null,
    finished_at integer,
    primary key (tenant_id, id)
) strict;
create index placement_run_open on placement_run (created_at) where finished_at is null;

create table job_lease (
    name   text primary key,
    holder blob not null,
    until  integer not null
) strict;

-- What replicas must agree on and nobody else may know.
create table server_secret (
    name  text primary key,
    value blob not null
) strict;

-- How the tables are filled when size begins to matter, for SQLite's planner: without this it takes
-- a tenant for ten rows, and reads all of them in order rather than look one up. Said once, so that
-- plans do not depend on when somebody last ran ANALYZE.
analyze;
delete from sqlite_stat1;
insert into sqlite_stat1 (tbl, idx, stat) values
    ('member', 'sqlite_autoindex_member_1', '100000 100000 1'),
    ('member', 'member_scim_id', '100000 100000 1'),
    ('member', 'member_user_name', '100000 100000 1'),
    ('member', 'member_worker_id', '100000 100000 1'),
    ('member', 'member_any_worker_id', '100000 100000 1'),
    ('member', 'member_external_id', '100000 100000 1'),
    ('member', 'member_name', '100000 100000 2 1'),
    ('member', 'member_ends', '100000 100000 300 1'),
    ('member', 'member_seat', '100000 100000 20000 2 1'),
    ('member', 'member_modified', '100000 100000 2 1'),
    ('member', 'member_placed_by', '100000 100000 5000'),
    ('member', 'member_display', '100000 100000 2 1'),
    ('member', 'member_active', '100000 100000 50000 1'),
    ('member', 'member_department', '100000 100000 1000 1'),
    ('member_email', 'member_email', '120000 120000 2 1'),
    ('member_email', 'member_email_of', '120000 120000 2'),
    ('scim_group', 'sqlite_autoindex_scim_group_1', '1000 1000 1'),
    ('scim_group', 'group_display', '1000 1000 1 1'),
    ('scim_group', 'group_external_id', '1000 1000 1'),
    ('scim_group', 'group_modified', '1000 1000 1 1'),
    ('group_user', 'group_user', '500000 500000 500 1'),
    ('group_user', 'group_user_of', '500000 500000 5 1'),
    ('group_group', 'group_group', '1000 1000 10 1'),
    ('group_group', 'group_group_of', '1000 1000 10 1'),
    ('seat', 'seat', '100000 100000 50000 1'),
    ('seat', 'seat_free', '10000 10000 5000 1'),
    ('seat', 'seat_cooling_of', '1000 1000 500 2'),
    ('seat', 'seat_account', '100000 100000 50000 20000 20000'),
    ('assignment', 'sqlite_autoindex_assignment_1', '120000 120000 1'),
    ('assignment', 'assignment_of', '120000 120000 2 1'),
    ('assignment', 'assignment_one_open', '100000 100000 1 1'),
    ('assignment', 'assignment_one_a_seat', '100000 100000 50000 1'),
    ('assignment', 'assignment_due', '100000 300'),
    ('assignment', 'assignment_waiting', '1000 1000 500 500 1 1'),
    ('waiting', 'waiting', '2000 2000 2 1'),
    ('waiting', 'waiting_in_line', '2000 2000 500 500 1 1'),
    ('ledger', 'sqlite_autoindex_ledger_1', '1000000 1000000 1'),
    ('ledger', 'ledger_of_member', '1000000 1000000 10 1'),
    ('ledger', 'ledger_of_pool', '400000 400000 200000'),
    ('ledger_unsealed', 'ledger_unsealed', '1000 1000 1'),
    ('ledger_seal', 'sqlite_autoindex_ledger_seal_1', '1000000 1000000 1'),
    ('ledger_seal', 'sqlite_autoindex_ledger_seal_2', '1000000 1000000 1');
analyze sqlite_schema;
