-- Files that HR systems send, what came of each, and the rows that failed, to be mended and sent again.
create table import_run (
    tenant_id     bigint not null references tenant (id),
    id            uuid not null,
    mode          text not null check (mode in ('upsert', 'deprovision', 'full')),
    dry_run       boolean not null,
    connection_id uuid,
    actor         text not null,
    state         text not null check (state in ('running', 'finished', 'refused', 'failed')),
    header        jsonb not null default '[]',
    warnings      jsonb not null default '[]',
    seen          bigint not null default 0,
    created       bigint not null default 0,
    changed       bigint not null default 0,
    unchanged     bigint not null default 0,
    deactivated   bigint not null default 0,
    scheduled     bigint not null default 0,
    failed        bigint not null default 0,
    unreadable    bigint not null default 0,
    omitted       bigint not null default 0,
    created_at    timestamptz not null,
    -- When a batch last went in: of a run that was cut off, when that was.
    touched_at    timestamptz not null,
    finished_at   timestamptz,
    primary key (tenant_id, id),
    check ((state = 'running') = (finished_at is null)),
    foreign key (tenant_id, connection_id) references connection (tenant_id, id)
);
create index import_run_by_time on import_run (tenant_id, created_at);

create table import_failure (
    tenant_id bigint not null,
    import_id uuid not null,
    line      bigint not null,
    faults    jsonb not null,
    given     jsonb not null,
    primary key (tenant_id, import_id, line),
    foreign key (tenant_id, import_id) references import_run (tenant_id, id) on delete cascade
);

-- While a file is read: the addresses and identifiers it has had, and whom it names.
create table import_key (
    tenant_id bigint not null,
    import_id uuid not null,
    key       text collate "C" not null,
    line      bigint not null,
    primary key (tenant_id, import_id, key),
    foreign key (tenant_id, import_id) references import_run (tenant_id, id) on delete cascade
);

create table import_person (
    tenant_id bigint not null,
    import_id uuid not null,
    member_id uuid not null,
    primary key (tenant_id, import_id, member_id),
    foreign key (tenant_id, import_id) references import_run (tenant_id, id) on delete cascade
);

-- Whom a file may find missing. Those of an identity provider are none of them, and cost nothing.
create index member_imported on member (tenant_id, id) where managed_by = 'import';

-- The domains that addresses of newcomers may be of; none are all.
create table allowed_domain (
    tenant_id  bigint not null references tenant (id),
    domain     text collate "C" not null,
    created_at timestamptz not null,
    primary key (tenant_id, domain)
);

-- A list of people from elsewhere, held against the directory.
create table reconciliation (
    tenant_id  bigint not null references tenant (id),
    id         uuid not null,
    source     text not null check (source in ('okta', 'entra', 'hr', 'vendor')),
    actor      text not null,
    state      text not null check (state in ('running', 'finished', 'failed')),
    listed     bigint not null default 0,
    people     bigint not null default 0,
    buckets    jsonb not null default '{}',
    warnings   jsonb not null default '[]',
    created_at timestamptz not null,
    primary key (tenant_id, id)
);
create index reconciliation_by_time on reconciliation (tenant_id, created_at);

create table reconciliation_row (
    tenant_id         bigint not null,
    reconciliation_id uuid not null,
    n                 bigint not null,
    bucket            text collate "C" not null,
    member_id         uuid,
    line              bigint,
    content           jsonb not null,
    primary key (tenant_id, reconciliation_id, n),
    foreign key (tenant_id, reconciliation_id) references reconciliation (tenant_id, id) on delete cascade
);
create index reconciliation_bucket on reconciliation_row (tenant_id, reconciliation_id, bucket, n);

-- Who was met by a row of the list, while it is read.
create table reconciliation_person (
    tenant_id         bigint not null,
    reconciliation_id uuid not null,
    member_id         uuid not null,
    line              bigint not null,
    primary key (tenant_id, reconciliation_id, member_id),
    foreign key (tenant_id, reconciliation_id) references reconciliation (tenant_id, id) on delete cascade
);
