-- Files that HR systems send, what came of each, and the rows that failed, to be mended and sent again.
create table import_run (
    tenant_id     integer not null references tenant (id),
    id            blob not null,
    mode          text not null check (mode in ('upsert', 'deprovision', 'full')),
    dry_run       integer not null,
    connection_id blob,
    actor         text not null,
    state         text not null check (state in ('running', 'finished', 'refused', 'failed')),
    header        text not null default '[]',
    warnings      text not null default '[]',
    seen          integer not null default 0,
    created       integer not null default 0,
    changed       integer not null default 0,
    unchanged     integer not null default 0,
    deactivated   integer not null default 0,
    scheduled     integer not null default 0,
    failed        integer not null default 0,
    unreadable    integer not null default 0,
    omitted       integer not null default 0,
    created_at    integer not null,
    -- When a batch last went in: of a run that was cut off, when that was.
    touched_at    integer not null,
    finished_at   integer,
    primary key (tenant_id, id),
    check ((state = 'running') = (finished_at is null)),
    foreign key (tenant_id, connection_id) references connection (tenant_id, id)
) strict;
create index import_run_by_time on import_run (tenant_id, created_at);

create table import_failure (
    tenant_id integer not null,
    import_id blob not null,
    line      integer not null,
    faults    text not null,
    given     text not null,
    primary key (tenant_id, import_id, line),
    foreign key (tenant_id, import_id) references import_run (tenant_id, id) on delete cascade
) strict, without rowid;

-- While a file is read: the addresses and identifiers it has had, and whom it names.
create table import_key (
    tenant_id integer not null,
    import_id blob not null,
    key       text not null,
    line      integer not null,
    primary key (tenant_id, import_id, key),
    foreign key (tenant_id, import_id) references import_run (tenant_id, id) on delete cascade
) strict, without rowid;

create table import_person (
    tenant_id integer not null,
    import_id blob not null,
    member_id blob not null,
    primary key (tenant_id, import_id, member_id),
    foreign key (tenant_id, import_id) references import_run (tenant_id, id) on delete cascade
) strict, without rowid;

-- Whom a file may find missing. Those of an identity provider are none of them, and cost nothing.
create index member_imported on member (tenant_id, id) where managed_by = 'import';

-- The domains that addresses of newcomers may be of; none are all.
create table allowed_domain (
    tenant_id  integer not null references tenant (id),
    domain     text not null,
    created_at integer not null,
    primary key (tenant_id, domain)
) strict, without rowid;

-- A list of people from elsewhere, held against the directory.
create table reconciliation (
    tenant_id  integer not null references tenant (id),
    id         blob not null,
    source     text not null check (source in ('okta', 'entra', 'hr', 'vendor')),
    actor      text not null,
    state      text not null check (state in ('running', 'finished', 'failed')),
    listed     integer not null default 0,
    people     integer not null default 0,
    buckets    text not null default '{}',
    warnings   text not null default '[]',
    created_at integer not null,
    primary key (tenant_id, id)
) strict;
create index reconciliation_by_time on reconciliation (tenant_id, created_at);

create table reconciliation_row (
    tenant_id         integer not null,
    reconciliation_id blob not null,
    n                 integer not null,
    bucket            text not null,
    member_id         blob,
    line              integer,
    content           text not null,
    primary key (tenant_id, reconciliation_id, n),
    foreign key (tenant_id, reconciliation_id) references reconciliation (tenant_id, id) on delete cascade
) strict, without rowid;
create index reconciliation_bucket on reconciliation_row (tenant_id, reconciliation_id, bucket, n);

-- Who was met by a row of the list, while it is read.
create table reconciliation_person (
    tenant_id         integer not null,
    reconciliation_id blob not null,
    member_id         blob not null,
    line              integer not null,
    primary key (tenant_id, reconciliation_id, member_id),
    foreign key (tenant_id, reconciliation_id) references reconciliation (tenant_id, id) on delete cascade
) strict, without rowid;

insert into sqlite_stat1 (tbl, idx, stat) values
    ('import_run', 'sqlite_autoindex_import_run_1', '1000 1000 1'),
    ('import_run', 'import_run_by_time', '1000 1000 1'),
    ('import_failure', 'import_failure', '10000 10000 100 1'),
    ('import_key', 'import_key', '200000 200000 200000 1'),
    ('import_person', 'import_person', '100000 100000 100000 1'),
    ('member', 'member_imported', '100000 100000 1'),
    ('reconciliation', 'reconciliation_by_time', '100 100 1'),
    ('reconciliation_row', 'reconciliation_row', '100000 100000 10000 1'),
    ('reconciliation_row', 'reconciliation_bucket', '100000 100000 10000 1000 1'),
    ('reconciliation_person', 'reconciliation_person', '100000 100000 100000 1');
analyze sqlite_schema;
