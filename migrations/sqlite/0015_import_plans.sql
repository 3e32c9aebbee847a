-- Imports that wait for a plan, and what they would do row by row. The rows name people: they are
-- kept until they are done, or the plan is rejected or expires.
create table import_plan (
    tenant_id  integer not null,
    plan_id    blob not null,
    import_id  blob not null,
    keeps_rows integer not null default 1,
    primary key (tenant_id, plan_id),
    unique (tenant_id, import_id),
    foreign key (tenant_id, plan_id) references plan (tenant_id, id) on delete cascade,
    foreign key (tenant_id, import_id) references import_run (tenant_id, id) on delete cascade
) strict, without rowid;
create index import_plan_keeping on import_plan (tenant_id) where keeps_rows;

create table import_row (
    tenant_id integer not null,
    import_id blob not null,
    line      integer not null,
    does      text not null check (does in ('create', 'change', 'deactivate', 'schedule')),
    member_id blob,
    given     text not null,
    primary key (tenant_id, import_id, line),
    check ((does = 'create') = (member_id is null)),
    foreign key (tenant_id, import_id) references import_run (tenant_id, id) on delete cascade
) strict, without rowid;

insert into sqlite_stat1 (tbl, idx, stat) values
    ('import_plan', 'import_plan', '1000 1000 1'),
    ('import_plan', 'sqlite_autoindex_import_plan_2', '1000 1000 1'),
    ('import_plan', 'import_plan_keeping', '20 2'),
    ('import_row', 'import_row', '100000 100000 10000 1');
analyze sqlite_schema;
