-- Imports that wait for a plan, and what they would do row by row. The rows name people: they are
-- kept until they are done, or the plan is rejected or expires.
create table import_plan (
    tenant_id  bigint not null,
    plan_id    uuid not null,
    import_id  uuid not null,
    keeps_rows boolean not null default true,
    primary key (tenant_id, plan_id),
    unique (tenant_id, import_id),
    foreign key (tenant_id, plan_id) references plan (tenant_id, id) on delete cascade,
    foreign key (tenant_id, import_id) references import_run (tenant_id, id) on delete cascade
);
create index import_plan_keeping on import_plan (tenant_id) where keeps_rows;

create table import_row (
    tenant_id bigint not null,
    import_id uuid not null,
    line      bigint not null,
    does      text not null check (does in ('create', 'change', 'deactivate', 'schedule')),
    member_id uuid,
    given     jsonb not null,
    primary key (tenant_id, import_id, line),
    check ((does = 'create') = (member_id is null)),
    foreign key (tenant_id, import_id) references import_run (tenant_id, id) on delete cascade
);
